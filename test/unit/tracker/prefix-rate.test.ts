import { expect } from 'chai'
import fc from 'fast-check'
import { parseIp } from '../../../core/base/address.js'
import { tableHash } from '../../../core/base/half-siphash.js'
import { createRandom } from '../../../core/base/random.js'
import { MOST_PER_SECOND, PrefixRate, REST_MS } from '../../../core/tracker/prefix-rate.js'

const secret = new Uint8Array(8)
const ip = (text: string): Uint8Array => parseIp(text) ?? new Uint8Array(0)
const rateOf = (perSecond: number): PrefixRate => new PrefixRate(PrefixRate.reserve(perSecond, secret))

/** How many pass, of many that come at once. */
function passing(rate: PrefixRate, from: string, now: number, asked = 1000): number {
  let passed = 0
  for (let i = 0; i < asked; i++) if (rate.take(ip(from), now)) passed++
  return passed
}

describe('rate of a prefix', () => {
  it("lets two seconds' worth come at once, then as many as it says", () => {
    const rate = rateOf(200)
    expect(passing(rate, '192.0.2.1', 5000)).to.equal(400)
    expect(passing(rate, '192.0.2.1', 5004)).to.equal(0)
    expect(passing(rate, '192.0.2.1', 5005)).to.equal(1)
    expect(passing(rate, '192.0.2.1', 6005)).to.equal(200)
    expect(passing(rate, '192.0.2.1', 60_000)).to.equal(400)
  })

  it('counts a /24 of IPv4 and a /48 of IPv6 as one, and no two of them together', () => {
    const rate = rateOf(1)
    expect(passing(rate, '192.0.2.1', 0)).to.equal(2)
    expect(passing(rate, '192.0.2.255', 0)).to.equal(0)
    for (const other of ['192.0.3.1', '192.1.2.1', '193.0.2.1', '10.0.2.1']) expect(passing(rate, other, 0)).to.equal(2)
    expect(passing(rate, '2001:db8:7::1', 0)).to.equal(2)
    expect(passing(rate, '2001:db8:7:ffff::9', 0)).to.equal(0)
    for (const other of ['2001:db8:8::1', '2001:db9:7::1', '2011:db8:7::1']) expect(passing(rate, other, 0)).to.equal(2)
  })

  it('lets this machine ask as it likes, but not a private network', () => {
    const rate = rateOf(1)
    for (const own of ['127.0.0.1', '127.9.9.9', '::1']) expect(passing(rate, own, 0)).to.equal(1000)
    for (const near of ['10.0.0.1', '192.168.1.1', 'fd00::1', '::2']) expect(passing(rate, near, 0)).to.equal(2)
  })

  it('does what buckets without end of memory do', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 700 })), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 5, 10, 200, MOST_PER_SECOND),
        steps,
        fc.integer({ min: 0, max: 2 ** 42 }),
        (n, all, start) => {
          const rate = rateOf(n)
          const cost = 1_000_000 / n
          const levels = new Map<number, { level: number; at: number }>()
          let now = start
          for (const [site, wait] of all) {
            now += wait
            const { level, at } = levels.get(site) ?? { level: 2_000_000, at: now }
            const filled = Math.min(2_000_000, level + 1000 * (now - at))
            const passes = filled >= cost
            levels.set(site, { level: passes ? filled - cost : filled, at: now })
            expect(rate.take(Uint8Array.of(10, 0, site, wait), now)).to.equal(passes)
          }
        },
      ),
    )
  })

  it('keeps nobody out for what was long ago, whenever its time comes round', () => {
    for (let minutes = 1; minutes < 300; minutes++) {
      const rate = rateOf(1)
      passing(rate, '192.0.2.1', 1000)
      expect(passing(rate, '192.0.2.1', 1000 + 60_000 * minutes), `${minutes} minutes later`).to.equal(2)
    }
  })

  it('keeps nobody out when its time has come round, and still counts whoever asks meanwhile', () => {
    const round = 2 ** 32 / 1000
    const [restless, rested] = [rateOf(1), rateOf(1)]
    for (const rate of [restless, rested]) expect(passing(rate, '192.0.2.1', 0)).to.equal(2)
    for (let now = 0; now < round; now += REST_MS) {
      expect(passing(rested, '198.51.100.1', now)).to.equal(2)
      rested.rest(now)
      expect(passing(rested, '198.51.100.1', now)).to.equal(0)
    }
    // What `rest` is for: without it this network is kept out.
    expect(passing(restless, '192.0.2.1', round)).to.equal(0)
    expect(passing(rested, '192.0.2.1', round)).to.equal(2)
  })

  it('is one for all who look at the same memory', () => {
    const memory = PrefixRate.reserve(1, secret)
    const [one, other] = [new PrefixRate(memory), new PrefixRate(memory)]
    expect(passing(one, '192.0.2.1', 0)).to.equal(2)
    expect(passing(other, '192.0.2.1', 0)).to.equal(0)
  })

  it('forgets, where a set is full, who is nearest to a full bucket', () => {
    const rate = rateOf(10)
    const sites: string[] = []
    const setOf = (a: number, b: number): number =>
      tableHash(0, 0, Int32Array.of(10 | (a << 8) | (b << 16)), 1) & 16_383
    for (let n = 0; sites.length < 5; n++) if (setOf(n >> 8, n & 255) === 77) sites.push(`10.${n >> 8}.${n & 255}.1`)
    const [a = '', b = '', c = '', d = '', e = ''] = sites
    for (const full of [a, b, d]) expect(passing(rate, full, 0)).to.equal(20)
    expect(passing(rate, c, 0, 15)).to.equal(15)
    expect(passing(rate, e, 0)).to.equal(20)
    for (const held of [a, b, d, e]) expect(passing(rate, held, 0)).to.equal(0)
    expect(passing(rate, c, 0)).to.equal(20)
  })

  it('admits whoever is new, however many networks there were', () => {
    const memory = PrefixRate.reserve(1, secret)
    const rate = new PrefixRate(memory)
    const random = createRandom(4)
    const from = new Uint8Array(16)
    for (let i = 0; i < 300_000; i++) {
      random.fill(from)
      expect(rate.take(from, i / 1000)).to.equal(true)
    }
    expect(memory.byteLength).to.be.at.most(600_000)
  })
})
