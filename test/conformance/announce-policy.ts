// What every announce policy must do (core/contracts/announce-policy.ts).
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { reasonOf } from '../../core/contracts/refusal.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { casesOn } from './case.js'
import { KitPlace } from './kit-place.js'
import { OtherThread } from './other-thread.js'
import type { AnnouncePolicy, AnnounceRequest } from '../../core/contracts/index.js'
import type { InfoHash, PeerId } from '../../core/protocol/ids.js'
import type { ConformanceCase } from './case.js'

/** A policy, with announces of which it must admit some and refuse others; either list may be empty. */
export interface PolicyUnderTest {
  readonly policy: AnnouncePolicy
  readonly admitted: readonly Partial<AnnounceRequest>[]
  readonly refused: readonly Partial<AnnounceRequest>[]
  close?(): Promise<void>
}

export function announcePolicyCases(open: () => PolicyUnderTest | Promise<PolicyUnderTest>): ConformanceCase[] {
  const test = casesOn(open)

  return [
    test('admits with null, refuses with one line of text that a client may read', ({ policy, admitted, refused }) => {
      for (const one of admitted) equal(policy.admit(request(one)), null)
      for (const one of refused) {
        const refusal = policy.admit(request(one))
        ok(refusal !== null, 'it was to be refused')
        match(reasonOf(refusal), /^[ -~]{1,200}$/)
        const { retryMinutes = 1 } = typeof refusal === 'string' ? {} : refusal
        ok(
          retryMinutes === 'never' || (Number.isInteger(retryMinutes) && retryMinutes >= 1),
          'minutes from 1, or never',
        )
      }
    }),

    test('says the same of the same announce, in whatever order it is asked', ({ policy, admitted, refused }) => {
      const all = [...admitted, ...refused]
      const first = all.map(one => policy.admit(request(one)))
      const again = all.toReversed().map(one => policy.admit(request(one)))
      deepEqual(again.reverse(), first)
    }),

    test('answers for every event, stopped among them', ({ policy, admitted, refused }) => {
      for (const event of Object.values(AnnounceEvent)) {
        for (const one of admitted) equal(policy.admit(request({ ...one, event })), null)
        for (const one of refused) ok(policy.admit(request({ ...one, event })) !== null)
      }
    }),

    test('changes nothing in the request, and keeps nothing of it', ({ policy, admitted, refused }) => {
      for (const one of [...admitted, ...refused]) {
        const asked = request(one)
        const before = structuredClone({ ...asked })
        const answer = policy.admit(asked)
        deepEqual({ ...asked }, before)
        asked.infoHash.fill(0xee)
        asked.peerId.fill(0xee)
        asked.from.ip.fill(0xee)
        equal(policy.admit(request(one)), answer)
      }
    }),

    test('a torrent whose scrape is refused is one whose announce is refused', ({ policy, admitted }) => {
      if (policy.admitScrape === undefined) return
      for (const one of admitted) equal(policy.admitScrape(request(one).infoHash), true)
    }),

    test('opened at another place, it keeps its contract there', async ({ policy, admitted, refused }) => {
      if (policy.inThread === undefined) return
      const there = await new KitPlace().open(policy.inThread)
      for (const one of [...admitted, ...refused]) {
        const asked = request(one)
        const before = structuredClone({ ...asked })
        deepEqual(there.admit(asked), policy.admit(request(one)))
        deepEqual({ ...asked }, before)
        asked.infoHash.fill(0xee)
        deepEqual(there.admit(request(one)), policy.admit(request(one)))
        equal(there.admitScrape?.(request(one).infoHash), policy.admitScrape?.(request(one).infoHash))
      }
    }),

    test('in a thread it says what it says on the main thread, of every event', async ({
      policy,
      admitted,
      refused,
    }) => {
      if (policy.inThread === undefined) return
      const thread = await OtherThread.open(policy.inThread)
      try {
        for (const one of [...admitted, ...refused]) {
          for (const event of Object.values(AnnounceEvent)) {
            const asked = request({ ...one, event })
            deepEqual(await thread.call('admit', asked), policy.admit(asked))
          }
          if (policy.admitScrape === undefined) continue
          const { infoHash } = request(one)
          equal(await thread.call('admitScrape', infoHash), policy.admitScrape(infoHash))
        }
      } finally {
        await thread.close()
      }
    }),
  ]
}

function request(over: Partial<AnnounceRequest>): AnnounceRequest {
  const { infoHash, peerId, from } = over
  return {
    event: AnnounceEvent.None,
    left: 0,
    uploaded: 0,
    downloaded: 0,
    numWant: 50,
    key: 0,
    urlData: null,
    ...over,
    infoHash: (infoHash?.slice() ?? new Uint8Array(20)) as InfoHash,
    peerId: (peerId?.slice() ?? new Uint8Array(20)) as PeerId,
    from: { family: 4, port: 6881, ...from, ip: from?.ip.slice() ?? Uint8Array.of(192, 0, 2, 1) },
  }
}
