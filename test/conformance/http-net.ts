// What every provider of HTTP must do, as far as it can be seen from both ends of one.
import assert from 'node:assert/strict'
import { formatEndpoint, formatIp, type Endpoint } from '../../core/base/address.js'
import type { HttpLimits, HttpNet, HttpReply, HttpRequest } from '../../core/contracts/host.js'
import type { ConformanceCase } from './case.js'
import { finish, type Passing } from './passing.js'
import { refusal } from './refusal.js'

export interface HttpNetUnderTest extends Passing {
  readonly net: HttpNet
  /** An address with port 0 that can be listened on, and asked under the address that is bound. */
  readonly at: Endpoint
  close(): Promise<void>
}

const limits: HttpLimits = { timeoutMs: 5000, maxBytes: 100_000 }
const never = new AbortController().signal
const ok = (body: Uint8Array): HttpReply => ({ status: 200, type: 'text/plain', body })

export function httpNetCases(open: () => HttpNetUnderTest | Promise<HttpNetUnderTest>): ConformanceCase[] {
  type Ask = (target: string, more?: Partial<HttpLimits>, signal?: AbortSignal) => Promise<HttpReply>

  const one = (
    name: string,
    handler: (request: HttpRequest, respond: (reply: HttpReply) => void) => void,
    run: (ask: Ask, test: HttpNetUnderTest, local: Endpoint) => Promise<void>,
  ): ConformanceCase => ({
    name,
    async run() {
      const test = await open()
      try {
        const listener = await finish(test, test.net.serve(test.at, handler))
        assert.notEqual(listener.local.port, 0)
        const base = `http://${formatEndpoint(listener.local)}`
        const ask: Ask = (target, more = {}, signal = never) =>
          test.net.get(new URL(base + target), { ...limits, ...more }, signal)
        await run(ask, test, listener.local)
        await finish(test, listener.close())
        await finish(test, listener.close())
        await finish(test, refusal(ask('/'), 'remote'))
      } finally {
        await finish(test, test.close())
      }
    },
  })

  const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i)
  let seen: { request: HttpRequest; host: string | undefined; none: string | undefined } | null = null
  const held: { path: string; respond: (reply: HttpReply) => void }[] = []

  return [
    one(
      'carries method, path, raw query, headers and sender in, and every byte out',
      (request, respond) => {
        seen = { request, host: request.header('host'), none: request.header('x-absent') }
        respond(ok(everyByte))
        respond({ status: 500, type: 'text/plain', body: new Uint8Array(0) })
      },
      async (ask, test, local) => {
        const reply = await finish(test, ask('/announce?info_hash=%00%ff%zz+&a=b?c'))
        assert.equal(reply.status, 200)
        assert.equal(reply.type, 'text/plain')
        assert.deepEqual([...reply.body], [...everyByte])
        assert.ok(seen !== null)
        const { request, host, none } = seen
        assert.equal(request.method, 'GET')
        assert.equal(request.path, '/announce')
        assert.equal(request.query, 'info_hash=%00%ff%zz+&a=b?c')
        assert.equal(host, formatEndpoint(local))
        assert.equal(none, undefined)
        assert.equal(formatIp(request.from.ip), formatIp(local.ip))
        assert.ok(request.from.port > 0)
        const bare = await finish(test, ask('/'))
        assert.equal(bare.status, 200)
        assert.equal(seen.request.query, '')
      },
    ),

    one(
      'takes a status of 400 and above for a reply, and an empty body for a body',
      (request, respond) =>
        respond({ status: request.path === '/404' ? 404 : 503, type: 'a/b', body: new Uint8Array(0) }),
      async (ask, test) => {
        for (const status of [404, 503]) {
          const reply = await finish(test, ask(`/${status}`))
          assert.deepEqual([reply.status, reply.type, reply.body.length], [status, 'a/b', 0])
        }
      },
    ),

    one(
      'answers later, in any order, each its own',
      (request, respond) => void held.push({ path: request.path, respond }),
      async (ask, test) => {
        const replies = Promise.all(['/0', '/1', '/2'].map(path => ask(path)))
        await test.until(() => held.length === 3)
        for (const { path, respond } of held.splice(0).reverse()) respond(ok(new TextEncoder().encode(path)))
        assert.deepEqual(
          (await finish(test, replies)).map(reply => new TextDecoder().decode(reply.body)),
          ['/0', '/1', '/2'],
        )
      },
    ),

    one(
      'gives up at the limits of time and of size, and when told to',
      (request, respond) => {
        if (request.path === '/silent') held.push({ path: request.path, respond })
        else respond(ok(new Uint8Array(Number(request.query))))
      },
      async (ask, test) => {
        await finish(test, refusal(ask('/silent', { timeoutMs: 300 }), 'remote'))
        const controller = new AbortController()
        const waiting = refusal(ask('/silent', {}, controller.signal), 'remote')
        await test.until(() => held.length === 2)
        controller.abort()
        await finish(test, waiting)
        await finish(test, refusal(ask('/silent', {}, AbortSignal.abort()), 'remote'))
        // Answers to those who have gone do nothing.
        for (const { respond } of held.splice(0)) respond(ok(everyByte))
        await test.settle()
        assert.equal((await finish(test, ask('/?2000', { maxBytes: 2000 }))).body.length, 2000)
        await finish(test, refusal(ask('/?2001', { maxBytes: 2000 }), 'remote'))
      },
    ),

    one(
      'asks whether the address may be asked, and leaves it where it may not',
      (_request, respond) => respond(ok(new Uint8Array(0))),
      async (ask, test, local) => {
        const asked: string[] = []
        const allow = (ip: Uint8Array): boolean => asked.push(formatIp(ip)) > 1
        const error = await finish(test, refusal(ask('/', { allow }), 'remote'))
        assert.equal(error.code, 'ERR_HTTP_ADDRESS')
        assert.equal((await finish(test, ask('/', { allow }))).status, 200)
        assert.deepEqual([...new Set(asked)], [formatIp(local.ip)])
        await finish(test, refusal(ask('/', { family: local.family === 4 ? 6 : 4 }), 'remote'))
      },
    ),

    one(
      'answers 414 to a URL of over 4 KiB without asking the handler',
      (request, respond) => {
        assert.ok(request.query.length < 4096)
        respond(ok(new Uint8Array(0)))
      },
      async (ask, test) => {
        assert.equal((await finish(test, ask(`/?${'x'.repeat(4000)}`))).status, 200)
        assert.equal((await finish(test, ask(`/?${'x'.repeat(4096)}`))).status, 414)
      },
    ),

    one(
      'refuses what it cannot do: a port in use, a scheme that is not http',
      (_request, respond) => respond(ok(new Uint8Array(0))),
      async (_ask, test, local) => {
        const error = await finish(
          test,
          refusal(
            test.net.serve(local, () => undefined),
            'operator',
          ),
        )
        assert.ok(error.message.includes(formatEndpoint(local)), error.message)
        await finish(test, refusal(test.net.get(new URL('ftp://192.0.2.1/'), limits, never), 'operator'))
      },
    ),
  ]
}
