import { expect } from 'chai'
import fc from 'fast-check'
import { latin1 } from '../../../core/base/bytes.js'
import { createRandom } from '../../../core/base/random.js'
import { ScrapeList } from '../../../core/protocol/scrape-list.js'
import { writeHttpScrape, type ScrapeEntry } from '../../../core/protocol/tracker-http-reply.js'

/** The reply, and in how many steps it was written. */
function written(entries: readonly ScrapeEntry[]): { readonly body: Uint8Array; readonly steps: number } {
  const list = new ScrapeList()
  for (const one of entries) list.add(one.infoHash, one.seeders, one.completed, one.leechers, one.partialSeeds)
  expect(list.size).to.equal(entries.length)
  const writing = list.write()
  for (let steps = 0; ; steps++) {
    const step = writing.next()
    if (step.done === true) return { body: step.value, steps }
  }
}

describe('scrape list', () => {
  it('writes what a scrape of the same swarms is, each once', () => {
    // Few byte values, so that hashes begin and end alike, and some are the same.
    const byte = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)
    const infoHash = fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .chain(hash => fc.tuple(fc.nat(20), byte).map(([from, value]) => hash.slice().fill(value, from)))
    const count = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffff_ffff }))
    const entry = fc.record({ infoHash, seeders: count, completed: count, leechers: count, partialSeeds: count })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), fc.array(fc.nat(39), { maxLength: 5 }), (entries, twice) => {
        const all = [...entries, ...twice.flatMap(i => entries[i] ?? [])]
        expect(latin1(written(all).body)).to.equal(latin1(writeHttpScrape(all)))
      }),
      { numRuns: 50 },
    )
  })

  it('can be left many times while it orders and writes many swarms', () => {
    const random = createRandom(5)
    const entries = Array.from({ length: 30_000 }, (_, i) => {
      const infoHash = new Uint8Array(20).fill(7)
      for (let at = 12; at < 20; at++) infoHash[at] = random.below(256)
      return { infoHash, seeders: i, completed: 2, leechers: 3, partialSeeds: 1 }
    })
    const { body, steps } = written(entries)
    expect(steps).to.be.above(100)
    expect(Buffer.from(body).equals(writeHttpScrape(entries))).to.equal(true)
  })
})
