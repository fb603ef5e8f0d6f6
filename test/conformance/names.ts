// What every provider of name look-ups must do.
import assert from 'node:assert/strict'
import { formatIp, isLoopback, parseIp } from '../../core/base/address.js'
import type { Names } from '../../core/contracts/host.js'
import type { ConformanceCase } from './case.js'
import { finish, type Passing } from './passing.js'
import { refusal } from './refusal.js'

export interface NamesUnderTest extends Passing {
  readonly names: Names
  /** A name that resolves, and one that does not. */
  readonly known: string
  readonly unknown: string
}

export function namesCases(open: () => NamesUnderTest): ConformanceCase[] {
  return [
    {
      name: 'gives a literal address itself, in its own family only',
      async run() {
        const test = open()
        for (const [text, family] of [
          ['192.0.2.7', 4],
          ['2001:db8::7', 6],
        ] as const) {
          for (const asked of [0, family] as const) {
            const found = await finish(test, test.names.resolve(text, asked))
            assert.deepEqual(found.map(formatIp), [text])
          }
          await finish(test, refusal(test.names.resolve(text, family === 4 ? 6 : 4), 'remote'))
        }
      },
    },
    {
      name: 'resolves a name to addresses of the family asked for',
      async run() {
        const test = open()
        const found = await finish(test, test.names.resolve(test.known, 0))
        assert.ok(found.length > 0)
        const family = found[0]?.length === 4 ? 4 : 6
        const some = await finish(test, test.names.resolve(test.known, family))
        assert.ok(some.length > 0 && some.every(ip => ip.length === (family === 4 ? 4 : 16)))
      },
    },
    {
      name: 'rejects a name that nobody has, blaming the remote and naming it',
      async run() {
        const test = open()
        const error = await finish(test, refusal(test.names.resolve(test.unknown, 0), 'remote'))
        assert.ok(error.message.includes(test.unknown))
      },
    },
    {
      name: 'knows its own addresses: IPv4 first, no loopback',
      run() {
        const own = open().names.own()
        assert.ok(own.every(ip => !isLoopback(ip) && parseIp(formatIp(ip)) !== null))
        const lengths = own.map(ip => ip.length)
        assert.deepEqual(
          lengths,
          lengths.slice().sort((a, b) => a - b),
        )
      },
    },
  ]
}
