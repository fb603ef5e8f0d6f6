// One torrent's voice: puts an announce to a tracker over every route, and reports what came back.
import type { Clock } from '../../core/base/clock.js'
import { messageOf } from '../../core/base/errors.js'
import { readU32 } from '../../core/base/bytes.js'
import type { Entropy } from '../../core/base/random.js'
import type { Names } from '../../core/contracts/host.js'
import type { DiscoveryListener, Progress, TorrentIdentity } from '../../core/contracts/peer-discovery.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import type { AnnounceResult, TrackerAnnounce, TrackerClient } from '../../core/contracts/tracker-client.js'
import type { NamedRegistry } from '../../core/kernel/plugin.js'
import { maskText } from '../../core/protocol/tracker-url.js'
import type { Attempt } from './announcer.js'
import type { Config } from './config.js'
import { errors } from './errors.js'
import { routesTo } from './families.js'
import type { Route } from './tracker-record.js'

export interface Collaborators {
  readonly clients: NamedRegistry<TrackerClient>
  readonly names: Names | undefined
  readonly clock: Clock
  readonly entropy: Entropy
  readonly config: Readonly<Config>
}

/** `error` tells only where no route got an answer. */
export interface Outcome {
  readonly results: readonly AnnounceResult[]
  readonly error: unknown
}

/** Once one family has answered, the other has this long. */
const SECOND_FAMILY_MS = 15_000

export class Asker {
  /** Peers are no longer of interest. */
  leaving = false
  private readonly key: number

  constructor(
    private readonly parts: Collaborators,
    private readonly torrent: TorrentIdentity,
    private readonly progress: () => Progress,
    private readonly listener: DiscoveryListener,
  ) {
    const bytes = new Uint8Array(4)
    parts.entropy.fill(bytes)
    this.key = readU32(bytes, 0)
  }

  /** Never rejects. Peers go to the listener as each route answers; `ending` cuts everything short, without a note. */
  async ask(attempt: Attempt, ending: AbortSignal): Promise<Outcome> {
    const { clock, config } = this.parts
    const enough = new AbortController()
    const signal = AbortSignal.any([ending, enough.signal])
    const results: AnnounceResult[] = []
    // BEP 27: one tracker at a time, and only the peers of that one.
    const elsewhere = this.torrent.privateTorrent && attempt.lane.leaves(attempt.tracker)
    let error: unknown = null
    let patience = clock.after(config.patienceSeconds * 1000, () => {
      const silence = errors.make('ERR_DISCOVERY_NO_ANSWER', `no answer in ${config.patienceSeconds} s`)
      if (attempt.lane.hasChoice) enough.abort(silence)
      else this.note(attempt, { results, error: `${silence.message}, still asking` })
    })
    const over = async (route: Route): Promise<void> => {
      try {
        const result = await this.announce(attempt, route, signal)
        if (elsewhere && attempt.round && results.length === 0) this.listener.forget?.()
        results.push(result)
        patience.cancel()
        patience = clock.after(SECOND_FAMILY_MS, () => enough.abort())
        if (elsewhere && !attempt.round) return
        if (!this.leaving && result.peers.length > 0) this.listener.found(result.peers)
      } catch (reason) {
        error = enough.signal.aborted ? enough.signal.reason : reason
      }
    }
    await Promise.all((await this.routesFor(attempt)).map(over))
    patience.cancel()
    const outcome = { results, error: results.length > 0 ? null : error }
    if (!ending.aborted) this.note(attempt, outcome)
    return outcome
  }

  private async announce(attempt: Attempt, route: Route, signal: AbortSignal): Promise<AnnounceResult> {
    const { tracker, kind } = attempt
    const progress = this.progress()
    const event = tracker.eventOver(route, kind)
    const client = this.parts.clients.get(schemeOf(tracker.url))
    const result = await client.announce(this.request(attempt, route, event, progress), signal)
    tracker.heard(route, event, progress.left, result)
    return result
  }

  private request(attempt: Attempt, route: Route, event: AnnounceEvent, progress: Progress): TrackerAnnounce {
    const { torrent, key } = this
    const { numWant, enoughPeers } = this.parts.config
    const trackerId = attempt.tracker.trackerId(route)
    const satisfied = attempt.kind === 'stopped' || progress.connected >= enoughPeers
    return {
      url: attempt.tracker.url,
      request: {
        infoHash: torrent.infoHash,
        peerId: torrent.peerId,
        // Each time it is asked, or it would take us for one that downloads (BEP 21).
        event: event === AnnounceEvent.None && progress.partialSeed === true ? AnnounceEvent.Paused : event,
        left: progress.left,
        uploaded: progress.uploaded,
        downloaded: progress.downloaded,
        key,
        // Trackers refuse port 0; on port 1 nobody is reached either.
        port: torrent.port === 0 ? 1 : torrent.port,
        numWant: satisfied ? 0 : numWant,
        ...(trackerId === undefined ? {} : { trackerId }),
        ...(route === 0 ? {} : { family: route }),
      },
    }
  }

  /** Completed and stopped go where the tracker knows us, whatever the name resolves to by now. */
  private async routesFor({ tracker, kind }: Attempt): Promise<readonly Route[]> {
    if (kind === 'completed' || kind === 'stopped') return tracker.routes
    try {
      return await routesTo(tracker.url, this.parts.names)
    } catch {
      return [0] // the client meets the same fault, and words it
    }
  }

  private note(attempt: Attempt, { results, error }: Outcome): void {
    const { tracker, kind } = attempt
    const warning = results.find(result => result.warning !== undefined)?.warning
    this.listener.noted?.({
      url: tracker.shown,
      kind,
      peers: results.reduce((sum, result) => sum + result.peers.length, 0),
      ...(warning === undefined ? {} : { warning: maskText(warning, tracker.url) }),
      error: error === null ? null : maskText(messageOf(error), tracker.url),
    })
  }
}

export function schemeOf(url: URL): string {
  return url.protocol.slice(0, -1)
}
