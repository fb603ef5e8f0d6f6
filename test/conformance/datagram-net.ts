// What every provider of UDP must do.
import assert from 'node:assert/strict'
import { equalBytes, readU16 } from '../../core/base/bytes.js'
import { formatEndpoint, packEndpoint, unpackEndpoint, type Endpoint } from '../../core/base/address.js'
import { NO_REPLY, REPLY_LATER, type DatagramNet, type SendLater } from '../../core/contracts/host.js'
import type { ConformanceCase } from './case.js'
import { finish, type Passing } from './passing.js'
import { refusal } from './refusal.js'
import { answeringCases } from './datagram-answering.js'

export interface DatagramNetUnderTest extends Passing {
  readonly net: DatagramNet
  /** An address with port 0 that can be bound, and reached from itself under the address that is bound. */
  readonly at: Endpoint
  close(): Promise<void>
}

export type OneCase = (name: string, run: (test: DatagramNetUnderTest) => Promise<void>) => ConformanceCase

export function datagramNetCases(open: () => DatagramNetUnderTest | Promise<DatagramNetUnderTest>): ConformanceCase[] {
  const one: OneCase = (name, run) => ({
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

  return [
    one('delivers packets whole, with the address of their sender', async test => {
      const got: { bytes: Uint8Array; from: Endpoint }[] = []
      const a = await finish(
        test,
        test.net.bind(test.at, (bytes, from) => got.push({ bytes: bytes.slice(), from })),
      )
      const b = await finish(
        test,
        test.net.bind(test.at, () => undefined),
      )
      assert.notEqual(a.local.port, 0)
      const sizes = [1, 0, 1500, 8000]
      for (const size of sizes) b.send(new Uint8Array(size).fill(size & 0xff), a.local)
      await test.until(() => got.length === sizes.length)
      assert.deepEqual(
        got.map(one => one.bytes.length),
        sizes,
      )
      for (const { bytes, from } of got) {
        assert.ok(bytes.every(byte => byte === (bytes.length & 0xff)))
        assert.equal(formatEndpoint(from), formatEndpoint(b.local))
      }
    }),

    one('lets the sender use its buffer again at once', async test => {
      const got: number[] = []
      const a = await finish(
        test,
        test.net.bind(test.at, bytes => got.push(bytes[0] ?? -1)),
      )
      const b = await finish(
        test,
        test.net.bind(test.at, () => undefined),
      )
      const buffer = new Uint8Array(100)
      for (let i = 0; i < 50; i++) {
        buffer.fill(i)
        b.send(buffer, a.local)
        buffer.fill(0xee)
      }
      await test.until(() => got.length === 50)
      assert.deepEqual(
        got.sort((x, y) => x - y),
        Array.from({ length: 50 }, (_, i) => i),
      )
    }),

    one('serves: answers, silence, and answers that come later', async test => {
      let sendLater: SendLater | null = null
      const waiting: { bytes: Uint8Array; to: Uint8Array }[] = []
      const sources: string[] = []
      let times = 0
      const server = await finish(
        test,
        test.net.serve(test.at, {
          make: send => {
            sendLater = send
            return {
              answer(bytes, length, from, now, reply) {
                const packet = bytes.subarray(0, length)
                assert.equal(from.length, 18)
                assert.ok(Number.isFinite(now))
                assert.ok(reply.length >= 1500)
                times++
                sources.push(formatEndpoint(unpackEndpoint(from)))
                if (packet[0] === 1) return NO_REPLY
                if (packet[0] === 2) {
                  waiting.push({ bytes: packet.slice(), to: from.slice() })
                  return REPLY_LATER
                }
                reply.set(packet)
                reply[packet.length] = 0x77
                return packet.length + 1
              },
            }
          },
        }),
      )
      const got: number[][] = []
      const client = await finish(
        test,
        test.net.bind(test.at, bytes => got.push([...bytes])),
      )
      for (const kind of [0, 1, 2, 3]) client.send(Uint8Array.of(kind, 9), server.local)
      await test.until(() => times === 4 && got.length === 2)
      assert.deepEqual(got.map(bytes => bytes.join()).sort(), ['0,9,119', '3,9,119'])
      const packed = new Uint8Array(18)
      packEndpoint(client.local, packed)
      assert.ok(waiting[0] !== undefined && equalBytes(waiting[0].to, packed))
      assert.equal(readU16(packed, 16), client.local.port)
      assert.deepEqual([...new Set(sources)], [formatEndpoint(client.local)])
      const send = sendLater as SendLater | null
      for (const { bytes, to } of waiting) {
        const answer = Uint8Array.of(0x55, bytes[0] ?? 0)
        send?.(answer, to)
        answer.fill(0)
      }
      await test.until(() => got.length === 3)
      assert.deepEqual(got[2], [0x55, 2])
      await test.settle()
      assert.equal(got.length, 3)
    }),

    one('answers in time that does not run backwards', async test => {
      const times: number[] = []
      const server = await finish(
        test,
        test.net.serve(test.at, {
          make: () => ({ answer: (_packet, _length, _from, now) => (times.push(now), NO_REPLY) }),
        }),
      )
      const client = await finish(
        test,
        test.net.bind(test.at, () => undefined),
      )
      for (let i = 0; i < 10; i++) {
        client.send(Uint8Array.of(i), server.local)
        await test.until(() => times.length === i + 1)
      }
      assert.deepEqual(
        times,
        times.slice().sort((a, b) => a - b),
      )
    }),

    one('refuses a port in use, naming the address and blaming the operator', async test => {
      const a = await finish(
        test,
        test.net.bind(test.at, () => undefined),
      )
      for (const again of [
        (): Promise<unknown> => test.net.bind(a.local, () => undefined),
        (): Promise<unknown> => test.net.serve(a.local, { make: () => ({ answer: () => NO_REPLY }) }),
      ]) {
        const error = await finish(test, refusal(again(), 'operator'))
        assert.ok(error.message.includes(formatEndpoint(a.local)), error.message)
      }
    }),

    one('closes: twice is fine, the port is free again, later packets go nowhere', async test => {
      let heard = 0
      const a = await finish(
        test,
        test.net.bind(test.at, () => heard++),
      )
      const b = await finish(
        test,
        test.net.bind(test.at, () => undefined),
      )
      await finish(test, a.close())
      await finish(test, a.close())
      b.send(Uint8Array.of(1), a.local)
      a.send(Uint8Array.of(1), b.local)
      await test.settle()
      assert.equal(heard, 0)
      const again = await finish(
        test,
        test.net.bind(a.local, () => heard++),
      )
      b.send(Uint8Array.of(1), again.local)
      await test.until(() => heard === 1)
    }),

    one('takes unreachable ports as lost packets', async test => {
      const a = await finish(
        test,
        test.net.bind(test.at, () => undefined),
      )
      a.send(Uint8Array.of(1), { ...a.local, port: 0 })
      a.send(new Uint8Array(100_000), a.local)
      await test.settle()
    }),

    ...answeringCases(one),
  ]
}
