// What every swarm store must do (core/contracts/swarm-store.ts), one obligation a case.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { infoHash, peer, SwarmDesk } from './swarm-desk.js'
import { partialSeedCases } from './partial-seeds.js'
import { swarmStoreModelCases } from './swarm-store-model.js'
import type { SwarmLimits, SwarmStore } from '../../core/contracts/index.js'
import type { ConformanceCase } from './case.js'

const { Completed, Started, Stopped } = AnnounceEvent

/** `open` gives an empty store, to which nobody has spoken; `close`, where given, is called after each case. */
export function swarmStoreCases(
  open: () => SwarmStore | Promise<SwarmStore>,
  close?: (store: SwarmStore) => void | Promise<void>,
): ConformanceCase[] {
  const test = (
    name: string,
    run: (desk: SwarmDesk) => Promise<void>,
    limits: Partial<SwarmLimits> = {},
  ): ConformanceCase => ({
    name,
    async run() {
      const store = await open()
      try {
        await run(new SwarmDesk(store, limits))
      } finally {
        await close?.(store)
      }
    },
  })

  const cases = [
    test('the first peer is counted and gets nobody', async desk => {
      deepEqual(await desk.announce({ peer: 1, event: Started }), { seeders: 0, leechers: 1, peers: [] })
      desk.totals(1, 1)
    }),

    test('peers get each other, never themselves, however often they come', async desk => {
      await desk.announce({ peer: 1, event: Started })
      deepEqual(await desk.announce({ peer: 2, event: Started }), { seeders: 0, leechers: 2, peers: [peer(1)] })
      deepEqual(await desk.announce({ peer: 1 }), { seeders: 0, leechers: 2, peers: [peer(2)] })
      deepEqual(await desk.announce({ peer: 2 }), { seeders: 0, leechers: 2, peers: [peer(1)] })
      desk.totals(1, 2)
    }),

    test('a peer is its endpoint: another peer id is no other peer, another port is', async desk => {
      await desk.announce({ peer: 1, peerId: 1 })
      deepEqual(await desk.announce({ peer: 1, peerId: 2 }), { seeders: 0, leechers: 1, peers: [] })
      deepEqual(await desk.announce({ peer: 1, port: 6882 }), { seeders: 0, leechers: 2, peers: [peer(1)] })
      const told = await desk.announce({ peer: 2 })
      equal(told.leechers, 3)
      deepEqual([...told.peers].sort(), [peer(1), peer(1, 4, 6882)])
    }),

    test('a seeder gets leechers only, a leecher gets both', async desk => {
      await desk.announce({ peer: 1, left: 0 })
      await desk.announce({ peer: 2, left: 5 })
      deepEqual(await desk.announce({ peer: 3, left: 0 }), { seeders: 2, leechers: 1, peers: [peer(2)] })
      const { peers } = await desk.announce({ peer: 4, left: 5 })
      deepEqual([...peers].sort(), [peer(1), peer(2), peer(3)])
    }),

    test('stopped removes, and an emptied swarm is gone', async desk => {
      await desk.announce({ peer: 1 })
      await desk.announce({ peer: 2, left: 0 })
      const told = await desk.announce({ peer: 1, event: Stopped })
      deepEqual([told.seeders, told.leechers], [1, 0])
      deepEqual(await desk.announce({ peer: 3 }), { seeders: 1, leechers: 1, peers: [peer(2)] })
      await desk.announce({ peer: 2, left: 0, event: Stopped })
      await desk.announce({ peer: 3, event: Stopped })
      desk.totals(0, 0)
      deepEqual(await desk.scrape(), { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0, found: false })
    }),

    test('stopped of an unknown peer, or of an unknown swarm, changes nothing', async desk => {
      await desk.announce({ peer: 1, event: Stopped })
      desk.totals(0, 0)
      await desk.announce({ peer: 1 })
      await desk.announce({ peer: 2, event: Stopped })
      await desk.announce({ peer: 2, left: 0, event: Stopped })
      desk.totals(1, 1)
      deepEqual(await desk.scrape(), { seeders: 0, leechers: 1, completed: 0, partialSeeds: 0, found: true })
    }),

    test('completed counts for a peer known as incomplete, once', async desk => {
      await desk.announce({ peer: 1, event: Started })
      await desk.announce({ peer: 1, left: 0, event: Completed })
      deepEqual(await desk.scrape(), { seeders: 1, leechers: 0, completed: 1, partialSeeds: 0, found: true })
      await desk.announce({ peer: 1, left: 0, event: Completed })
      await desk.announce({ peer: 1, left: 0 })
      equal((await desk.scrape()).completed, 1)
    }),

    test('completed of a stranger, or of a seeder from the start, adds a seeder and counts nothing', async desk => {
      await desk.announce({ peer: 1, left: 0, event: Completed })
      await desk.announce({ peer: 2, left: 0, event: Started })
      await desk.announce({ peer: 2, left: 0, event: Completed })
      deepEqual(await desk.scrape(), { seeders: 2, leechers: 0, completed: 0, partialSeeds: 0, found: true })
    }),

    test('an announce without an event adds a peer (the tracker may have been restarted)', async desk => {
      deepEqual(await desk.announce({ peer: 1, left: 0 }), { seeders: 1, leechers: 0, peers: [] })
    }),

    test('a peer changes sides as its `left` says', async desk => {
      await desk.announce({ peer: 1, left: 9 })
      deepEqual(await desk.announce({ peer: 1, left: 0 }), { seeders: 1, leechers: 0, peers: [] })
      deepEqual(await desk.announce({ peer: 1, left: 9 }), { seeders: 0, leechers: 1, peers: [] })
      deepEqual(await desk.scrape(), { seeders: 0, leechers: 1, completed: 0, partialSeeds: 0, found: true })
    }),

    test('IPv4 and IPv6 know nothing of each other', async desk => {
      await desk.announce({ peer: 1 })
      deepEqual(await desk.announce({ peer: 1, family: 6 }), { seeders: 0, leechers: 1, peers: [] })
      deepEqual(await desk.announce({ peer: 2, family: 6, left: 0 }), {
        seeders: 1,
        leechers: 1,
        peers: [peer(1, 6)],
      })
      deepEqual(await desk.announce({ peer: 2 }), { seeders: 0, leechers: 2, peers: [peer(1)] })
      deepEqual(await desk.scrape(1, 6), { seeders: 1, leechers: 1, completed: 0, partialSeeds: 0, found: true })
      deepEqual(await desk.scrape(1, 4), { seeders: 0, leechers: 2, completed: 0, partialSeeds: 0, found: true })
    }),

    test('swarms know nothing of each other', async desk => {
      await desk.announce({ hash: 1, peer: 1 })
      deepEqual(await desk.announce({ hash: 2, peer: 2 }), { seeders: 0, leechers: 1, peers: [] })
      desk.totals(2, 2)
    }),

    test('a scrape creates nothing', async desk => {
      deepEqual(await desk.scrape(7), { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0, found: false })
      desk.totals(0, 0)
    }),

    test('a reply holds as many as are wanted, as are there, and as fit', async desk => {
      for (let n = 0; n < 60; n++) await desk.announce({ peer: n, left: n % 3 })
      equal((await desk.announce({ peer: 1, want: 0 })).peers.length, 0)
      for (const want of [1, 2, 7, 58, 59]) equal((await desk.announce({ peer: 1, want })).peers.length, want)
      equal((await desk.announce({ peer: 1, want: 200 })).peers.length, 59)
      equal((await desk.announce({ peer: 1, want: 200, room: 65 })).peers.length, 10)
      equal((await desk.announce({ peer: 0, left: 0, want: 200 })).peers.length, 40)
    }),

    test('a reply is written where its buffer begins, at any byte, and nowhere else', async desk => {
      for (const family of [4, 6] as const) {
        for (let n = 0; n < 90; n++) await desk.announce({ peer: n, family, left: n % 3 })
        const known = new Set(Array.from({ length: 90 }, (_, n) => peer(n, family)))
        for (let at = 0; at < 400; at++) {
          const want = at % 70
          const room = want * (family === 4 ? 6 : 18) + (at % 5)
          const told = await desk.announce({ peer: at % 90, family, left: (at % 90) % 3, want, room, at })
          equal(told.peers.length, Math.min(want, (at % 90) % 3 === 0 ? 60 : 89))
          ok(told.peers.every(one => known.has(one)))
        }
      }
    }),

    test('every peer is handed out now and then', async desk => {
      for (let n = 0; n < 300; n++) await desk.announce({ peer: n, left: n % 2 })
      const seen = new Set<string>()
      for (let i = 0; i < 400; i++)
        for (const one of (await desk.announce({ peer: 999, want: 20 })).peers) seen.add(one)
      equal(seen.size, 300)
    }),

    test(
      'at the cap on swarms a new one is refused, and the others go on',
      async desk => {
        await desk.announce({ hash: 1, peer: 1 })
        await desk.announce({ hash: 2, peer: 1 })
        ok(typeof (await desk.ask({ hash: 3, peer: 1 })) === 'string')
        desk.totals(2, 2)
        equal((await desk.announce({ hash: 2, peer: 2 })).leechers, 2)
        await desk.announce({ hash: 1, peer: 1, event: Stopped })
        equal((await desk.announce({ hash: 3, peer: 1 })).leechers, 1)
      },
      { maxSwarms: 2 },
    ),

    test(
      'at the cap on peers a new one is refused, known ones and leavers are not',
      async desk => {
        for (let n = 0; n < 3; n++) await desk.announce({ hash: n, peer: n })
        ok(typeof (await desk.ask({ hash: 1, peer: 9 })) === 'string')
        ok(typeof (await desk.ask({ hash: 9, peer: 9 })) === 'string')
        ok(typeof (await desk.ask({ hash: 1, peer: 9, family: 6 })) === 'string')
        desk.totals(3, 3)
        equal((await desk.announce({ hash: 1, peer: 1, left: 0 })).seeders, 1)
        await desk.announce({ hash: 0, peer: 0, event: Stopped })
        equal((await desk.announce({ hash: 1, peer: 9 })).leechers, 1)
        desk.totals(2, 3)
      },
      { maxPeers: 3 },
    ),

    test(
      'at the cap on an address, in one swarm, its further ports are refused',
      async desk => {
        for (let port = 1; port <= 20; port++) await desk.announce({ peer: 1, port, left: port % 2 })
        for (let n = 100; n < 150; n++) await desk.announce({ peer: n })
        ok(typeof (await desk.ask({ peer: 1, port: 21 })) === 'string')
        equal((await desk.announce({ peer: 1, port: 20, left: 0 })).leechers, 60)
        equal((await desk.announce({ peer: 2, port: 21 })).leechers, 61)
        equal((await desk.announce({ peer: 1, port: 21, hash: 2 })).leechers, 1)
        await desk.announce({ peer: 1, port: 5, event: Stopped })
        equal((await desk.announce({ peer: 1, port: 21 })).leechers, 61)
        ok(typeof (await desk.ask({ peer: 1, port: 5 })) === 'string')
      },
      { maxPeersPerAddress: 20 },
    ),

    test(
      'silent peers go, those that were heard stay',
      async desk => {
        for (let n = 0; n < 100; n++) {
          await desk.announce({ hash: n % 10, peer: n, left: n % 2, family: n < 50 ? 4 : 6 })
        }
        desk.now += 900
        desk.sweep()
        desk.totals(20, 100)
        for (let n = 0; n < 5; n++) await desk.announce({ hash: n, peer: n, left: n % 2 })
        desk.now += 900
        desk.sweep()
        desk.totals(5, 5)
        deepEqual(await desk.scrape(3), { seeders: 0, leechers: 1, completed: 0, partialSeeds: 0, found: true })
        desk.now += 2000
        desk.sweep()
        desk.totals(0, 0)
      },
      { peerTimeoutSeconds: 1000 },
    ),

    test('a sweep in the smallest slices ends as well', async desk => {
      for (let n = 0; n < 3000; n++) await desk.announce({ hash: n % 700, peer: n })
      desk.now += 1500
      desk.sweep(0.01)
      desk.totals(0, 0)
    }),

    test('asked for many things at once it gives everybody his own answer', async desk => {
      for (let n = 0; n < 40; n++) {
        for (let k = 0; k < n % 7; k++) await desk.announce({ hash: n, peer: 100 * n + k, family: n % 2 ? 4 : 6 })
      }
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const family = n % 2 ? 4 : 6
          const counts = desk.scrape(n, family)
          const told = await desk.announce({ hash: n, peer: 100 * n + 50, family, left: 0 })
          return { told, counts: await counts }
        }),
      )
      answers.forEach(({ told, counts }, n) => {
        const others = Array.from({ length: n % 7 }, (_, k) => peer(100 * n + k, n % 2 ? 4 : 6))
        deepEqual([told.seeders, told.leechers, [...told.peers].sort()], [1, n % 7, others.sort()], `swarm ${n}`)
        equal(counts.leechers, n % 7, `scrape of swarm ${n}`)
      })
    }),

    test('a walk visits every info-hash once, in one go or in slices', async desk => {
      const { store } = desk
      if (store.walk === undefined) return
      for (let n = 0; n < 50; n++) await desk.announce({ hash: n, peer: 1, family: n % 2 ? 4 : 6 })
      await desk.announce({ hash: 1, peer: 1, family: 6 })
      for (const budget of [Infinity, 0]) {
        const seen: string[] = []
        let cursor = 0
        do cursor = store.walk(cursor, budget, hash => seen.push(hash.join()))
        while (cursor !== 0)
        deepEqual(seen.sort(), Array.from({ length: 50 }, (_, n) => infoHash(n).join()).sort())
      }
    }),

    test('a walk in slices misses no swarm that stays, while others come and go', async desk => {
      const { store } = desk
      if (store.walk === undefined) return
      for (let n = 0; n < 300; n++) await desk.announce({ hash: n, peer: 1 })
      const seen = new Set<string>()
      let cursor = 0
      let next = 300
      do {
        cursor = store.walk(cursor, 0, hash => seen.add(hash.join()))
        // Of the first 300 every third goes; a few come for each slice.
        const gone = next - 300
        if (gone < 300 && gone % 3 === 0) await desk.announce({ hash: gone, peer: 1, event: Stopped })
        for (const until = next + 3; next < until; next++) await desk.announce({ hash: next, peer: 1 })
      } while (cursor !== 0)
      for (let n = 0; n < 300; n++) ok(n % 3 === 0 || seen.has(infoHash(n).join()), `swarm ${n} was missed`)
    }),
  ]

  for (const family of [4, 6] as const) {
    cases.push(
      test(`a swarm of 6,000 IPv${family} peers grows, serves, and shrinks to nothing`, async desk => {
        const count = 6000
        for (let n = 0; n < count; n++) await desk.announce({ peer: n, family, left: n % 3 })
        deepEqual(await desk.scrape(1, family), {
          seeders: 2000,
          leechers: 4000,
          completed: 0,
          partialSeeds: 0,
          found: true,
        })
        for (let n = 0; n < 200; n++) {
          const told = await desk.announce({ peer: n * 3, family, left: 0, want: 100 })
          equal(told.peers.length, 100)
          equal(told.seeders + told.leechers, count)
        }
        for (let n = 0; n < count; n++) {
          const told = await desk.announce({ peer: n, family, left: n % 3, event: Stopped })
          equal(told.seeders + told.leechers, count - 1 - n)
        }
        desk.totals(0, 0)
      }),
    )
  }
  return [...cases, ...partialSeedCases(test), ...swarmStoreModelCases(test)]
}
