import { expect } from 'chai'
import { formatEndpoint, parseEndpoint, parseIp } from '../../../core/base/address.js'
import { NodeError } from '../../../core/base/errors.js'
import { announceAuthority, listenAt, listeningText } from '../../../core/tracker/listening.js'
import type { Endpoint } from '../../../core/base/address.js'
import type { Names } from '../../../core/contracts/index.js'

const ip = (text: string): Uint8Array => parseIp(text) ?? new Uint8Array(4)
const at = (text: string): Endpoint => parseEndpoint(text) ?? { family: 4, ip: new Uint8Array(4), port: 0 }

function names(own: readonly string[], hosts: Readonly<Record<string, readonly string[]>> = {}): Names {
  return {
    own: () => own.map(ip),
    resolve(host) {
      const literal = parseIp(host)
      if (literal !== null) return Promise.resolve([literal])
      const found = hosts[host]
      return found === undefined ? Promise.reject(new Error('no such name')) : Promise.resolve(found.map(ip))
    },
  }
}

async function opened(value: string | readonly string[], known: Names): Promise<string[]> {
  const seen: string[] = []
  await listenAt({ name: 'tracker-udp.listen', value }, known, endpoint => {
    seen.push(formatEndpoint(endpoint))
    return Promise.resolve()
  })
  return seen
}

describe('listening', () => {
  it('takes one endpoint or several, addresses or names', async () => {
    const known = names([], { tracker: ['2001:db8::1', '192.0.2.1'] })
    const several = await opened(['127.0.0.1:0', '[::]:6969', 'tracker:80'], known)
    expect(several).to.deep.equal(['127.0.0.1:0', '[::]:6969', '192.0.2.1:80'])
    expect(await opened('0.0.0.0:1', known)).to.deep.equal(['0.0.0.0:1'])
  })

  for (const [text, said] of [
    ['nowhere:80', 'cannot be resolved'],
    ['empty:80', 'has no address'],
    ['6969', 'not HOST:PORT'],
    ['127.0.0.1:70000', 'not HOST:PORT'],
  ] as const) {
    it(`names what is wrong with "${text}"`, async () => {
      const error: unknown = await opened(text, names([], { empty: [] })).catch((reason: unknown) => reason)
      expect(error).to.include({ code: 'ERR_TRACKER_LISTEN', blame: 'operator' })
      expect((error as Error).message)
        .to.include(said)
        .and.include('tracker-udp.listen')
    })
  }

  it('says which option an endpoint that cannot be opened comes from', async () => {
    const taken = new NodeError('ERR_TAKEN', 'operator', 'the port is in use')
    const error: unknown = await listenAt({ name: 'a.listen', value: '127.0.0.1:1' }, names([]), () =>
      Promise.reject(taken),
    ).catch((reason: unknown) => reason)
    expect(error).to.include({ code: 'ERR_TAKEN', blame: 'operator', cause: taken })
    expect((error as Error).message).to.equal('the port is in use (option a.listen)')
  })

  for (const [local, announceHost, own, expected] of [
    ['127.0.0.1:80', 'auto', ['192.0.2.1'], '127.0.0.1:80'],
    ['[2001:db8::5]:80', 'auto', ['192.0.2.1'], '[2001:db8::5]:80'],
    ['0.0.0.0:80', 'auto', ['192.0.2.1', '2001:db8::1'], '192.0.2.1:80'],
    ['0.0.0.0:80', 'auto', ['2001:db8::1'], '127.0.0.1:80'],
    ['[::]:80', 'auto', ['2001:db8::1'], '[2001:db8::1]:80'],
    ['[::]:80', 'auto', [], '127.0.0.1:80'],
    ['0.0.0.0:80', 'tracker.example', ['192.0.2.1'], 'tracker.example:80'],
    ['0.0.0.0:80', '2001:db8::9', ['192.0.2.1'], '[2001:db8::9]:80'],
  ] as const) {
    it(`is announced as ${expected} on ${local} (${announceHost}; own: ${own.join(', ')})`, () => {
      expect(announceAuthority(at(local), announceHost, names(own))).to.equal(expected)
    })
  }

  it('is told to people', () => {
    expect(listeningText([at('0.0.0.0:6969'), at('[2001:db8::1]:80')])).to.equal(
      'every address, port 6969, [2001:db8::1]:80',
    )
  })
})
