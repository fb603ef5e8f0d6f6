// What every provider of UDP must do when it is given an answerer that can be opened in threads, whether it has any or not.
import assert from 'node:assert/strict'
import { readU32 } from '../../core/base/bytes.js'
import { formatEndpoint } from '../../core/base/address.js'
import type { DatagramSocket } from '../../core/contracts/host.js'
import type { ConformanceCase } from './case.js'
import type { DatagramNetUnderTest, OneCase } from './datagram-net.js'
import { finish } from './passing.js'
import { refusal } from './refusal.js'
import { ask, expectedAnswer, SharedAnswers, SHORT, Wish } from './thread-answerer.js'

/** A socket that keeps what it hears. */
async function listener(test: DatagramNetUnderTest): Promise<{ socket: DatagramSocket; heard: Uint8Array[] }> {
  const heard: Uint8Array[] = []
  const socket = await finish(
    test,
    test.net.bind(test.at, bytes => heard.push(Uint8Array.from(bytes))),
  )
  return { socket, heard }
}

function sum(server: DatagramSocket, of: 'received' | 'sent'): number {
  return server.traffic().reduce((total, row) => total + row[of], 0)
}

export function answeringCases(one: OneCase): ConformanceCase[] {
  return [
    one('in threads or not: answers of every length, each to its question', async test => {
      const answers = new SharedAnswers()
      const server = await finish(test, test.net.serve(test.at, answers.answering(1)))
      const client = await listener(test)
      const lengths = [0, 1, 8, 508, 1232, 1500]
      for (const [id, length] of lengths.entries()) client.socket.send(ask(id, length), server.local)
      client.socket.send(ask(9, Wish.Later), server.local)
      client.socket.send(ask(77, 20), server.local)
      await test.until(() => client.heard.length === lengths.length)
      const expected = lengths.slice(1).map((length, i) => expectedAnswer(i + 1, length))
      const byLength = client.heard.sort((a, b) => a.length - b.length)
      assert.deepEqual(
        byLength,
        [...expected, expectedAnswer(77, 20)].sort((a, b) => a.length - b.length),
      )
      await test.until(() => sum(server, 'sent') === lengths.length)
      assert.equal(sum(server, 'received'), lengths.length + 2)
      for (const { dropped } of server.traffic()) assert.ok(dropped === null || dropped === 0)
    }),

    one('in threads or not: gives the answerer a packet whole, or not at all', async test => {
      const answers = new SharedAnswers()
      const server = await finish(test, test.net.serve(test.at, answers.answering(1)))
      const client = await listener(test)
      const lengths = [0, 5, 6, 1500, 2000, 8000]
      for (const length of lengths)
        client.socket.send(ask(length, 8, Math.max(6, length)).subarray(0, length), server.local)
      client.socket.send(ask(1, 9), server.local)
      await test.until(() => client.heard.some(answer => answer.length === 9))
      assert.deepEqual(
        client.heard.filter(answer => answer.length === SHORT.length),
        [SHORT, SHORT],
      )
      const whole = client.heard.filter(answer => answer.length === 8)
      for (const answer of whole) assert.deepEqual(answer, expectedAnswer(readU32(answer, 0), 8, readU32(answer, 0)))
      const given = whole.map(answer => readU32(answer, 0))
      assert.ok(given.includes(6) && given.includes(1500), given.join())
    }),

    one('in threads or not: a burst, each answered by its own answer', async test => {
      const answers = new SharedAnswers()
      const server = await finish(test, test.net.serve(test.at, answers.answering(1)))
      const client = await listener(test)
      const count = 200
      for (let id = 0; id < count; id++) client.socket.send(ask(id, 8 + (id % 90)), server.local)
      await test.until(() => client.heard.length === count)
      const byId = client.heard.sort((a, b) => readU32(a, 0) - readU32(b, 0))
      for (const [id, answer] of byId.entries()) assert.deepEqual(answer, expectedAnswer(id, 8 + (id % 90)))
      assert.equal(answers.total, count)
    }),

    one('in threads or not: several senders are told apart, and several threads share the work', async test => {
      const answers = new SharedAnswers()
      const server = await finish(test, test.net.serve(test.at, answers.answering(2)))
      const clients: Awaited<ReturnType<typeof listener>>[] = []
      for (let i = 0; i < 24; i++) clients.push(await listener(test))
      for (const [id, { socket }] of clients.entries()) socket.send(ask(id, 8), server.local)
      await test.until(() => clients.every(({ heard }) => heard.length === 1))
      for (const [id, { heard }] of clients.entries()) assert.deepEqual(heard, [expectedAnswer(id, 8)])
      const rows = server.traffic()
      assert.ok(rows.length === 1 || rows.length === 2)
      assert.ok(rows.every(row => row.received > 0))
      assert.equal(answers.byThread.filter(answered => answered > 0).length, rows.length)
      assert.equal(sum(server, 'received'), clients.length)
    }),

    one('in threads or not: refuses a port in use, however many share it there', async test => {
      const answers = new SharedAnswers()
      const server = await finish(test, test.net.serve(test.at, answers.answering(2)))
      for (const threads of [1, 2]) {
        const again = test.net.serve(server.local, new SharedAnswers().answering(threads))
        const error = await finish(test, refusal(again, 'operator'))
        assert.ok(error.message.includes(formatEndpoint(server.local)), error.message)
      }
      const bound = await finish(
        test,
        refusal(
          test.net.bind(server.local, () => undefined),
          'operator',
        ),
      )
      assert.ok(bound.message.includes(formatEndpoint(server.local)))
    }),

    one('in threads or not: closes while packets come, tells of every thread, and frees the port', async test => {
      const answers = new SharedAnswers()
      const server = await finish(test, test.net.serve(test.at, answers.answering(2)))
      const client = await listener(test)
      const fire = (): void => {
        for (let id = 0; id < 50; id++) client.socket.send(ask(id, 100), server.local)
      }
      fire()
      await test.until(() => answers.total > 0)
      fire()
      let closed = false
      const closing = server.close().then(() => (closed = true))
      await test.until(() => {
        if (!closed) fire()
        return closed
      })
      await closing
      const threads = [...answers.byThread.keys()].filter(number => number > 0 && answers.byThread[number] !== 0)
      for (const number of threads) assert.ok(answers.ended.includes(number))
      const total = answers.total
      const again = await finish(test, test.net.serve(server.local, new SharedAnswers().answering(1)))
      client.heard.length = 0
      client.socket.send(ask(7, 8), again.local)
      await test.until(() => client.heard.some(answer => answer.length === 8))
      assert.equal(answers.total, total)
      server.send(Uint8Array.of(1), client.socket.local)
      assert.ok(sum(server, 'received') >= 1)
      await finish(test, server.close())
    }),

    one('in threads or not: what is sent past the answerer arrives too', async test => {
      const server = await finish(test, test.net.serve(test.at, new SharedAnswers().answering(1)))
      const client = await listener(test)
      server.send(Uint8Array.of(1, 2, 3), client.socket.local)
      server.send(Uint8Array.of(4), { ...client.socket.local, port: 0 })
      await test.until(() => client.heard.length === 1)
      assert.deepEqual(client.heard, [Uint8Array.of(1, 2, 3)])
    }),
  ]
}
