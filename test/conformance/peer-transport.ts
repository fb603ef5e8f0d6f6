// What every provider of peer links must do.
import assert from 'node:assert/strict'
import { formatEndpoint, formatIp, type Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'
import type { PeerLink, PeerListener, PeerSink, PeerTransport } from '../../core/contracts/peer-transport.js'
import type { ConformanceCase } from './case.js'
import { finish, type Passing } from './passing.js'
import { refusal } from './refusal.js'

export interface PeerTransportUnderTest extends Passing {
  readonly transport: PeerTransport
  /** An address with port 0 that can be listened on, and dialled under the address that is bound. */
  readonly at: Endpoint
  /** Where nobody listens. */
  readonly nobody: Endpoint
  close(): Promise<void>
}

/** Byte `i` of the stream with this seed: what arrives is checked without keeping what was sent. */
function byteAt(seed: number, i: number): number {
  return (Math.imul(i ^ (i >>> 9), 0x9e3779b1) + seed) >>> 24
}

function stream(seed: number, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(length))
  for (let i = 0; i < length; i++) bytes[i] = byteAt(seed, from + i)
  return bytes
}

class Sink implements PeerSink {
  received = 0
  chunks = 0
  writable = 0
  wrong = -1
  readonly closes: (NodeError | null)[] = []
  /** What was called while `busy`, and what came after the end. */
  misplaced: string[] = []
  busy = false

  constructor(private readonly seed = 0) {}

  onData(chunk: Uint8Array): void {
    this.called('onData')
    this.chunks++
    for (let i = 0; i < chunk.length && this.wrong < 0; i++) {
      if (chunk[i] !== byteAt(this.seed, this.received + i)) this.wrong = this.received + i
    }
    this.received += chunk.length
  }

  onWritable(): void {
    this.called('onWritable')
    this.writable++
  }

  onClose(error: NodeError | null): void {
    this.called('onClose')
    this.closes.push(error)
  }

  /** Nothing may be delivered inside `run`. */
  during<T>(run: () => T): T {
    this.busy = true
    try {
      return run()
    } finally {
      this.busy = false
    }
  }

  private called(what: string): void {
    if (this.busy) this.misplaced.push(`${what} inside a call`)
    if (this.closes.length > 0) this.misplaced.push(`${what} after onClose`)
  }
}

interface Pair {
  readonly near: PeerLink
  readonly far: PeerLink
  readonly listener: PeerListener
}

const never = (): AbortSignal => new AbortController().signal

export function peerTransportCases(
  open: () => PeerTransportUnderTest | Promise<PeerTransportUnderTest>,
): ConformanceCase[] {
  const one = (name: string, run: (test: PeerTransportUnderTest) => Promise<void>): ConformanceCase => ({
    name,
    async run() {
      const test = await open()
      try {
        await run(test)
      } finally {
        await finish(test, test.close())
      }
    },
  })

  async function connected(test: PeerTransportUnderTest): Promise<Pair> {
    const accepted: PeerLink[] = []
    const listener = await finish(
      test,
      test.transport.listen(test.at, link => accepted.push(link)),
    )
    const near = await finish(test, test.transport.dial(listener.local, never()))
    await test.until(() => accepted.length === 1)
    const [far] = accepted
    assert.ok(far !== undefined)
    return { near, far, listener }
  }

  return [
    one('connects, and tells each side who the other is', async test => {
      const { near, far, listener } = await connected(test)
      assert.notEqual(listener.local.port, 0)
      assert.equal(formatEndpoint(near.remote), formatEndpoint(listener.local))
      assert.equal(formatIp(far.remote.ip), formatIp(listener.local.ip))
      assert.deepEqual([near.inbound, far.inbound], [false, true])
      assert.deepEqual([near.sent, far.sent], [0, 0])
    }),

    one('delivers every byte in order, both ways at once, however it was cut', async test => {
      const { near, far } = await connected(test)
      const [toNear, toFar] = [new Sink(1), new Sink(2)]
      near.open(toNear)
      far.open(toFar)
      let given = 0
      for (const length of [1, 0, 68, 5, 16_397, 13, 3, 70_000, 1, 200_000]) {
        const [a, b] = [stream(2, given, length), stream(1, given, length)]
        const cut = length >> 2
        near.write(a.subarray(0, cut), a.subarray(cut))
        far.write(b)
        given += length
        if (length === 5) await test.settle()
      }
      await test.until(() => toNear.received === given && toFar.received === given)
      assert.deepEqual([toNear.wrong, toFar.wrong], [-1, -1])
      assert.deepEqual([near.sent, far.sent], [given, given])
      assert.deepEqual([...toNear.misplaced, ...toFar.misplaced], [])
    }),

    one('delivers nothing before open, and nothing inside open, write, pause, resume or close', async test => {
      const { near, far } = await connected(test)
      const [toNear, toFar] = [new Sink(1), new Sink(2)]
      near.write(stream(2, 0, 1000))
      far.write(stream(1, 0, 1000))
      await test.settle()
      for (const [link, sink] of [
        [near, toNear],
        [far, toFar],
      ] as const) {
        sink.during(() => link.open(sink))
        await test.until(() => sink.received === 1000)
        sink.during(() => {
          link.write(stream(link === near ? 2 : 1, 1000, 50_000))
          link.pause()
          link.resume()
        })
      }
      await test.until(() => toNear.received === 51_000 && toFar.received === 51_000)
      toNear.during(() => near.close())
      await test.until(() => toNear.closes.length === 1 && toFar.closes.length === 1)
      assert.deepEqual([...toNear.misplaced, ...toFar.misplaced], [])
      assert.deepEqual([toNear.wrong, toFar.wrong], [-1, -1])
    }),

    one('holds the sender back while the receiver pauses: false once, onWritable once, then all of it', async test => {
      for (const dialler of [true, false]) {
        const { near, far } = await connected(test)
        const [from, to] = dialler ? [near, far] : [far, near]
        const [sender, receiver] = [new Sink(), new Sink(7)]
        from.open(sender)
        to.open(receiver)
        to.pause()
        let given = 0
        const block = 16_384
        // Buffers are let go of only when `sent` has passed them.
        const lent: { bytes: Uint8Array; end: number }[] = []
        const more = (): boolean => {
          const bytes = stream(7, given, block)
          given += block
          lent.push({ bytes, end: given })
          return sender.during(() => from.write(bytes.subarray(0, 13), bytes.subarray(13)))
        }
        // Until it is told to wait, and is told nothing else for a while.
        let pushed = 0
        for (;;) {
          while (more()) assert.ok(given < 512 * 1024 * 1024, 'write never answered false')
          for (let i = 0; i < 3 && sender.writable === pushed; i++) await test.settle()
          if (sender.writable === pushed) break
          pushed = sender.writable
        }
        assert.ok(receiver.chunks <= 1, `${receiver.chunks} chunks came while paused`)
        assert.ok(from.sent < given, 'everything was sent to a receiver that takes nothing')
        const kept = given - from.sent
        assert.ok(kept < 16 * 1024 * 1024, `${kept} bytes wait in the process`)
        for (const { bytes, end } of lent) if (end <= from.sent) bytes.fill(0xdb)
        assert.equal(sender.writable, pushed)
        receiver.during(() => to.resume())
        await test.until(() => receiver.received === given)
        await test.until(() => sender.writable === pushed + 1)
        assert.equal(receiver.wrong, -1)
        assert.equal(from.sent, given)
        assert.deepEqual([...sender.misplaced, ...receiver.misplaced], [])
        from.close()
        await test.until(() => receiver.closes.length === 1)
      }
    }),

    one('closes in order: null on both sides, once and last; later calls do nothing', async test => {
      for (const dialler of [true, false]) {
        const { near, far } = await connected(test)
        const [first, second] = dialler ? [near, far] : [far, near]
        const [firstSink, secondSink] = [new Sink(), new Sink(9)]
        first.open(firstSink)
        second.open(secondSink)
        await test.settle()
        first.write(stream(9, 0, 500))
        firstSink.during(() => first.close())
        first.close()
        first.write(stream(9, 500, 500))
        first.pause()
        first.resume()
        await test.until(() => firstSink.closes.length === 1 && secondSink.closes.length === 1)
        assert.deepEqual([...firstSink.closes, ...secondSink.closes], [null, null])
        // Written in the turn of the close: still tried. Written after it: dropped.
        assert.equal(secondSink.received, 500)
        second.write(stream(0, 0, 10))
        second.close()
        await test.settle()
        assert.deepEqual([...firstSink.misplaced, ...secondSink.misplaced], [])
      }
    }),

    one('tells of the end where a link was opened after it, and never where it was not opened', async test => {
      const { near, far } = await connected(test)
      near.close()
      await test.settle()
      const [toNear, toFar] = [new Sink(), new Sink()]
      toFar.during(() => far.open(toFar))
      toNear.during(() => near.open(toNear))
      await test.until(() => toFar.closes.length === 1 && toNear.closes.length === 1)
      assert.deepEqual([...toNear.misplaced, ...toFar.misplaced], [])
      const again = await connected(test)
      again.near.close()
      again.far.close()
      await test.settle()
    }),

    one('refuses what cannot be: nobody there, given up, an address in use', async test => {
      await finish(test, refusal(test.transport.dial(test.nobody, never()), 'remote'))
      await finish(test, refusal(test.transport.dial(test.nobody, AbortSignal.abort()), 'remote'))
      const listener = await finish(
        test,
        test.transport.listen(test.at, link => link.close()),
      )
      const controller = new AbortController()
      const dialling = refusal(test.transport.dial(listener.local, controller.signal), 'remote')
      controller.abort()
      await finish(test, dialling)
      const error = await finish(
        test,
        refusal(
          test.transport.listen(listener.local, () => undefined),
          'operator',
        ),
      )
      assert.ok(error.message.includes(formatEndpoint(listener.local)), error.message)
    }),

    one('stops accepting and keeps what it accepted', async test => {
      const { near, far, listener } = await connected(test)
      const sink = new Sink(4)
      far.open(sink)
      near.open(new Sink())
      await finish(test, listener.close())
      await finish(test, listener.close())
      await finish(test, refusal(test.transport.dial(listener.local, never()), 'remote'))
      near.write(stream(4, 0, 100))
      await test.until(() => sink.received === 100)
      const again = await finish(
        test,
        test.transport.listen(listener.local, () => undefined),
      )
      assert.equal(again.local.port, listener.local.port)
    }),

    one('keeps many links apart', async test => {
      const count = 20
      const sinks: Sink[] = []
      const listener = await finish(
        test,
        test.transport.listen(test.at, link => {
          // The first byte says which of the streams follows.
          let sink: Sink | null = null
          link.open({
            onData(chunk) {
              if (sink === null) sinks.push((sink = new Sink(chunk[0])))
              sink.onData(sink.received === 0 ? chunk.subarray(1) : chunk)
            },
            onWritable() {},
            onClose() {},
          })
        }),
      )
      const links = await finish(
        test,
        Promise.all(Array.from({ length: count }, () => test.transport.dial(listener.local, never()))),
      )
      for (const [i, link] of links.entries()) {
        link.open(new Sink())
        link.write(Uint8Array.of(i), stream(i, 0, 40_000))
      }
      await test.until(() => sinks.length === count && sinks.every(sink => sink.received === 40_000))
      assert.ok(sinks.every(sink => sink.wrong === -1))
    }),
  ]
}
