// What a swarm store must know of partial seeds (BEP 21): leechers that want nothing, and say so each time they announce.
import { deepEqual, equal } from 'node:assert/strict'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { peer } from './swarm-desk.js'
import type { ConformanceCase } from './case.js'
import type { SwarmDesk } from './swarm-desk.js'

const { None, Paused, Started, Stopped } = AnnounceEvent

export function partialSeedCases(
  test: (name: string, run: (desk: SwarmDesk) => Promise<void>) => ConformanceCase,
): ConformanceCase[] {
  return [
    test('a partial seed is a leecher, counted as such from one announce to the next', async desk => {
      const counts = { seeders: 0, completed: 0, found: true }
      await desk.announce({ peer: 1, event: Started })
      deepEqual(await desk.announce({ peer: 2, event: Paused }), { seeders: 0, leechers: 2, peers: [peer(1)] })
      deepEqual(await desk.scrape(), { ...counts, leechers: 2, partialSeeds: 1 })
      deepEqual(await desk.announce({ peer: 1, event: Paused }), { seeders: 0, leechers: 2, peers: [peer(2)] })
      await desk.announce({ peer: 1, event: Paused })
      deepEqual(await desk.scrape(), { ...counts, leechers: 2, partialSeeds: 2 })
      await desk.announce({ peer: 1, event: None })
      deepEqual(await desk.scrape(), { ...counts, leechers: 2, partialSeeds: 1 })
      await desk.announce({ peer: 2, event: Paused, left: 0 })
      deepEqual(await desk.scrape(), { ...counts, seeders: 1, leechers: 1, partialSeeds: 0 })
      await desk.announce({ peer: 2, event: Paused })
      deepEqual(await desk.scrape(), { ...counts, leechers: 2, partialSeeds: 1 })
      await desk.announce({ peer: 2, event: Stopped })
      deepEqual(await desk.scrape(), { ...counts, leechers: 1, partialSeeds: 0 })
    }),

    test('partial seeds of a large swarm stay counted as it grows, shrinks and loses the silent', async desk => {
      const all = 6000
      const half = all / 2
      for (let n = 0; n < all; n++) await desk.announce({ peer: n, event: n % 3 === 0 ? Paused : None })
      equal((await desk.scrape()).partialSeeds, all / 3)
      for (let n = 0; n < half; n++) await desk.announce({ peer: n, event: n % 2 === 0 ? Paused : None })
      equal((await desk.scrape()).partialSeeds, half / 2 + half / 3)
      for (let n = half; n < all; n += 2) await desk.announce({ peer: n, event: Stopped })
      equal((await desk.scrape()).partialSeeds, half / 2 + half / 6)
      desk.now += 900
      for (let n = 0; n < 20; n++) await desk.announce({ peer: n, event: Paused })
      desk.now += 900
      desk.sweep(1)
      deepEqual(await desk.scrape(), { seeders: 0, leechers: 20, completed: 0, partialSeeds: 20, found: true })
    }),
  ]
}
