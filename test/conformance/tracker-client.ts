// What every client of a tracker protocol must do. The harness brings a tracker of that protocol which says what a case
// tells it to say, and writes down what it hears.
import assert from 'node:assert/strict'
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../core/base/address.js'
import { NodeError } from '../../core/base/errors.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import type { TrackerAnnounce, TrackerClient, TrackerCounts } from '../../core/contracts/tracker-client.js'
import { infoHashOf, peerIdOf, type InfoHash } from '../../core/protocol/ids.js'
import type { ConformanceCase } from './case.js'

/** What the tracker says to announces from now on. */
export type TrackerWords =
  | {
      readonly interval: number
      readonly seeders: number
      readonly leechers: number
      readonly peers: readonly Endpoint[]
    }
  | { readonly refusal: string }
  | 'silence'

export interface HeardAnnounce {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly event: AnnounceEvent
  readonly left: number
  readonly uploaded: number
  readonly downloaded: number
  /** -1 where the client leaves it to the tracker. */
  readonly numWant: number
  readonly key: number
  readonly port: number
  /** What a reply is matched by, where the protocol has such a thing: nobody may guess it. */
  readonly transaction?: number
}

export interface TrackerUnderTest {
  readonly client: TrackerClient
  /** Of the tracker; its path holds the pass key "s3cr3tkey". */
  readonly url: URL
  readonly heard: readonly HeardAnnounce[]
  /** Scrape answers by info-hash; a hash for which this gives undefined is unknown to the tracker. */
  counts: (infoHash: Uint8Array) => TrackerCounts | undefined
  words: TrackerWords
  /** Whether the protocol tells of partial seeds (BEP 21). */
  readonly wordForPaused: boolean
  close(): Promise<void>
}

const never = (): AbortSignal => new AbortController().signal
const hash = (byte: number): InfoHash => infoHashOf(new Uint8Array(20).fill(byte))!
const endpoint = (text: string): Endpoint => parseEndpoint(text)!
const contented = { interval: 1800, seeders: 3, leechers: 4, peers: [] }

/** `seed` sets the randomness of the client's host: two seeds, two hosts. */
export function trackerClientCases(open: (seed: number) => Promise<TrackerUnderTest>): ConformanceCase[] {
  const withTracker =
    (body: (tracker: TrackerUnderTest) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const tracker = await open(1)
      tracker.words = contented
      try {
        await body(tracker)
      } finally {
        await tracker.close()
      }
    }

  return [
    {
      name: 'says all that an announce holds',
      run: withTracker(async tracker => {
        await tracker.client.announce(announceTo(tracker.url), never())
        const [{ transaction: _, ...heard } = assert.fail('nothing was heard')] = tracker.heard
        const { infoHash, peerId, ...numbers } = heard
        assert.deepEqual([...infoHash], [...hash(0xf0)])
        assert.deepEqual([...peerId], [...announceTo(tracker.url).request.peerId])
        assert.deepEqual(numbers, {
          event: AnnounceEvent.Started,
          left: 5_000_000_000,
          uploaded: 1,
          downloaded: 2,
          numWant: 50,
          key: 0xfedc_ba98,
          port: 51413,
        })
      }),
    },
    {
      name: 'knows every event, no wish for peers, and a wish left to the tracker',
      run: withTracker(async tracker => {
        const { None, Completed, Started, Stopped, Paused } = AnnounceEvent
        for (const event of [None, Completed, Started, Stopped, Paused]) {
          await tracker.client.announce(announceTo(tracker.url, { event }), never())
        }
        for (const numWant of [0, -1]) await tracker.client.announce(announceTo(tracker.url, { numWant }), never())
        const events = tracker.heard.slice(0, 5).map(heard => heard.event)
        // Where the protocol has no word for a partial seed it is one that has nothing to tell.
        assert.deepEqual(events, [None, Completed, Started, Stopped, tracker.wordForPaused ? Paused : None])
        assert.deepEqual(
          tracker.heard.slice(5).map(heard => heard.numWant),
          [0, -1],
        )
      }),
    },
    {
      name: 'gives the interval, the counts and the peers',
      run: withTracker(async tracker => {
        tracker.words = { ...contented, peers: [endpoint('192.0.2.1:6881'), endpoint('192.0.2.2:51413')] }
        const result = await tracker.client.announce(announceTo(tracker.url), never())
        assert.equal(result.interval, 1800)
        assert.equal(result.seeders, 3)
        assert.equal(result.leechers, 4)
        assert.deepEqual(result.peers.map(formatEndpoint), ['192.0.2.1:6881', '192.0.2.2:51413'])
      }),
    },
    {
      name: 'leaves out peers that can be nobody: port 0, multicast, broadcast, unspecified',
      run: withTracker(async tracker => {
        const peers = ['192.0.2.1:0', '224.0.0.1:80', '255.255.255.255:80', '0.0.0.0:80', '192.0.2.9:80'].map(endpoint)
        tracker.words = { ...contented, peers }
        const result = await tracker.client.announce(announceTo(tracker.url), never())
        assert.deepEqual(result.peers.map(formatEndpoint), ['192.0.2.9:80'])
      }),
    },
    {
      name: 'keeps the interval between a minute and two hours',
      run: withTracker(async tracker => {
        for (const [said, expected] of [
          [0, 60],
          [59, 60],
          [61, 61],
          [7201, 7200],
          [2 ** 31, 7200],
        ] as const) {
          tracker.words = { ...contented, interval: said }
          const result = await tracker.client.announce(announceTo(tracker.url), never())
          assert.equal(result.interval, expected, `for ${said}`)
        }
      }),
    },
    {
      name: 'rejects a refusal with an error that blames the remote, repeats its words and keeps the pass key',
      run: withTracker(async tracker => {
        tracker.words = { refusal: 'user s3cr3tkey is not\r\nwelcome' }
        const error = await failure(tracker.client.announce(announceTo(tracker.url), never()))
        assert.equal(error.blame, 'remote')
        assert.match(error.message, /user .* is not welcome/)
        assertSecret(error)
      }),
    },
    {
      name: 'refuses a URL that fills in the announce itself, blaming the operator, and asks nobody',
      run: withTracker(async tracker => {
        const url = new URL(`${tracker.url.href}?info_hash=1`)
        const error = await failure(tracker.client.announce(announceTo(url), never()))
        assert.equal(error.blame, 'operator')
        assertSecret(error)
        assert.equal(tracker.heard.length, 0)
      }),
    },
    {
      name: 'ends with the signal, before and during an announce',
      run: withTracker(async tracker => {
        const early = await failure(tracker.client.announce(announceTo(tracker.url), AbortSignal.abort()))
        assert.equal(NodeError.is(early), true)
        tracker.words = 'silence'
        const controller = new AbortController()
        const announcing = failure(tracker.client.announce(announceTo(tracker.url), controller.signal))
        await new Promise(resolve => setImmediate(resolve))
        controller.abort(new Error('time is up'))
        assertSecret(await announcing)
      }),
    },
    {
      name: 'keeps announces apart that are under way together',
      run: withTracker(async tracker => {
        const sent = Array.from({ length: 20 }, (_, i) => i)
        await Promise.all(
          sent.map(i => tracker.client.announce(announceTo(tracker.url, { infoHash: hash(i), left: i }), never())),
        )
        const heard = tracker.heard.map(one => [one.infoHash[0], one.left]).sort((a, b) => a[1]! - b[1]!)
        assert.deepEqual(
          heard,
          sent.map(i => [i, i]),
        )
      }),
    },
    {
      name: 'scrapes in the order asked, zeros for what the tracker does not know, more hashes than one packet holds',
      run: withTracker(async tracker => {
        tracker.counts = infoHash =>
          infoHash[0] === 7 ? undefined : { seeders: infoHash[0]!, completed: 2, leechers: 3 }
        const hashes = Array.from({ length: 100 }, (_, i) => hash(i))
        const counts = await tracker.client.scrape(tracker.url, hashes, never())
        const nothing = { seeders: 0, completed: 0, leechers: 0 }
        assert.deepEqual(
          counts.map(one => ({ ...one })),
          hashes.map((_, i) => (i === 7 ? nothing : { seeders: i, completed: 2, leechers: 3 })),
        )
        assert.deepEqual(await tracker.client.scrape(tracker.url, [], never()), [])
      }),
    },
    {
      name: 'matches replies by numbers that differ from host to host and from time to time',
      async run() {
        const seen: number[] = []
        for (const seed of [1, 2]) {
          const tracker = await open(seed)
          tracker.words = contented
          for (let i = 0; i < 8; i++) await tracker.client.announce(announceTo(tracker.url), never())
          seen.push(...tracker.heard.flatMap(heard => (heard.transaction === undefined ? [] : [heard.transaction])))
          await tracker.close()
        }
        assert.equal(new Set(seen).size, seen.length)
      },
    },
  ]
}

function announceTo(url: URL, request: Partial<TrackerAnnounce['request']> = {}): TrackerAnnounce {
  const peerId = peerIdOf(Uint8Array.from({ length: 20 }, (_, i) => i * 13))!
  return {
    url,
    request: {
      infoHash: hash(0xf0),
      peerId,
      event: AnnounceEvent.Started,
      left: 5_000_000_000,
      uploaded: 1,
      downloaded: 2,
      numWant: 50,
      key: 0xfedc_ba98,
      port: 51413,
      ...request,
    },
  }
}

async function failure(work: Promise<unknown>): Promise<NodeError> {
  try {
    await work
  } catch (error) {
    assert.ok(NodeError.is(error), `not a NodeError: ${String(error)}`)
    return error
  }
  return assert.fail('it did not fail')
}

function assertSecret(error: NodeError): void {
  const told = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`
  assert.equal(told.includes('s3cr3tkey'), false, told)
}
