import { expect } from 'chai'
import fc from 'fast-check'
import { endpointOf } from '../../../core/base/address.js'
import type { NodeError } from '../../../core/base/errors.js'
import type { PeerSink } from '../../../core/contracts/peer-transport.js'
import { fillContent, firstWrong } from '../../../core/sim/content.js'
import { SimLink } from '../../../core/sim/links.js'
import type { NodeSettings } from '../../../core/sim/node.js'
import { World } from '../../../core/sim/world.js'

class Sink implements PeerSink {
  received = 0
  writable = 0
  closes: (NodeError | null)[] = []
  /** The offset of the first wrong byte, if `seed` was sent. */
  wrong = -1

  constructor(private readonly seed: number) {}

  onData(chunk: Uint8Array): void {
    if (this.wrong < 0) this.wrong = firstWrong(this.seed, this.received, chunk)
    this.received += chunk.length
  }
  onWritable(): void {
    this.writable++
  }
  onClose(error: NodeError | null): void {
    this.closes.push(error)
  }
}

function pair(seed: number, from: Partial<NodeSettings> = {}, to: Partial<NodeSettings> = {}) {
  const world = new World(seed)
  const [a, b] = [world.node('a', from), world.node('b', to)]
  const at = (ip: Uint8Array | undefined): ReturnType<typeof endpointOf> => endpointOf(ip ?? new Uint8Array(4), 1)
  const [near, far] = SimLink.pair(a, b, at(a.addresses[0]), at(b.addresses[0]))
  return { world, a, b, near, far }
}

function content(seed: number, length: number): Uint8Array {
  const out = new Uint8Array(length)
  fillContent(seed, 0, out)
  return out
}

describe('sim links', () => {
  it('deliver any writes whole and in order, cut anyhow', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40_000), { maxLength: 12 }), fc.nat(), async (lengths, seed) => {
        const { world, near, far } = pair(seed)
        const total = lengths.reduce((sum, length) => sum + length, 0)
        const bytes = content(3, total)
        const sink = new Sink(3)
        far.open(sink)
        let at = 0
        for (const length of lengths) {
          const middle = at + (length >> 1)
          near.write(bytes.subarray(at, middle), bytes.subarray(middle, at + length))
          at += length
          await world.advance(1)
        }
        await world.advance(100)
        expect([sink.received, sink.wrong, near.sent]).to.deep.equal([total, -1, total])
      }),
      { numRuns: 30 },
    )
  })

  it('take the latency of both ends and the rate of the slower', async () => {
    const { world, near, far } = pair(1, { latencyMs: 20, upBytesPerSecond: 50_000 }, { latencyMs: 30 })
    const sink = new Sink(1)
    far.open(sink)
    near.write(content(1, 100_000))
    await world.advance(49)
    expect(sink.received).to.equal(0)
    await world.advance(1000)
    expect(sink.received).to.be.within(35_000, 50_000)
    await world.advance(1200)
    expect(sink.received).to.equal(100_000)
  })

  it('share a lane fairly', async () => {
    const world = new World(4)
    const hub = world.node('hub', { upBytesPerSecond: 100_000 })
    const sinks = [1, 2, 3, 4].map(i => {
      const leaf = world.node(`leaf ${i}`)
      const [near, far] = SimLink.pair(hub, leaf, endpointOf(new Uint8Array(4), 1), endpointOf(new Uint8Array(4), i))
      const sink = new Sink(9)
      far.open(sink)
      near.write(content(9, 500_000))
      return sink
    })
    await world.advance(10_000)
    for (const sink of sinks) expect(sink.received).to.be.within(200_000, 300_000)
  })

  it('slow the sender down while the receiver pauses, and call for more afterwards', async () => {
    const { world, near, far } = pair(2)
    const [here, there] = [new Sink(0), new Sink(2)]
    near.open(here)
    far.open(there)
    far.pause()
    const bytes = content(2, 1_000_000)
    expect(near.write(bytes)).to.equal(false)
    await world.advance(1000)
    expect(there.received).to.equal(0)
    expect(near.sent).to.be.lessThan(300_000)
    expect(here.writable).to.equal(0)
    far.resume()
    await world.advance(1000)
    expect([there.received, there.wrong, here.writable]).to.deep.equal([1_000_000, -1, 1])
  })

  it('show a buffer that was filled anew before its bytes were sent', async () => {
    const { world, near, far } = pair(3, { upBytesPerSecond: 10_000 })
    const sink = new Sink(3)
    far.open(sink)
    const bytes = content(3, 20_000)
    near.write(bytes)
    await world.advance(1)
    bytes.fill(0)
    await world.advance(5000)
    expect(sink.wrong).to.be.greaterThan(-1)
  })

  it('deliver nothing before open, nothing inside calls, and the end once and last', async () => {
    const { world, a, b, near, far } = pair(5)
    const [here, there] = [new Sink(0), new Sink(5)]
    near.open(here)
    near.write(content(5, 10))
    near.close()
    near.close()
    expect(here.closes).to.deep.equal([])
    await world.advance(100)
    expect(here.closes).to.deep.equal([null])
    far.open(there)
    expect([there.received, there.closes.length]).to.deep.equal([0, 0])
    await world.advance(1)
    expect([there.received, there.wrong]).to.deep.equal([10, -1])
    expect(there.closes).to.deep.equal([null])
    expect([...a.inUse(), ...b.inUse()]).to.deep.equal([])
  })

  it('drop what was queued in earlier turns when closed', async () => {
    const { world, near, far } = pair(6, { upBytesPerSecond: 1000 })
    const sink = new Sink(6)
    far.open(sink)
    near.write(content(6, 100_000))
    await world.advance(10)
    near.close()
    await world.advance(200_000)
    expect(sink.received).to.be.lessThan(20_000)
    expect(sink.closes).to.deep.equal([null])
  })

  it('leave the buffers to their owner once closed, and still send what was written in the last turn', async () => {
    const { world, near, far } = pair(7, { upBytesPerSecond: 1000 })
    const [here, there] = [new Sink(0), new Sink(7)]
    near.open(here)
    far.open(there)
    const bytes = content(7, 3000)
    near.write(bytes.subarray(0, 10))
    await world.advance(1)
    near.write(bytes.subarray(10, 3000))
    near.close()
    await world.advance(0.001)
    expect(here.closes).to.deep.equal([null])
    bytes.fill(0)
    await world.advance(10_000)
    expect([there.received, there.wrong, there.closes.length]).to.deep.equal([3000, -1, 1])
  })
})
