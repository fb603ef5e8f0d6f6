// Endpoints we know of and when each may be dialled. Endpoints learnt from others are dialled at most once a minute and
// given up after three failures; those the user named are tried again for ever.
import { formatEndpoint, isMulticast, isUnspecified, type Endpoint } from '../base/address.js'
import { CloseReason, isFault } from './close-reason.js'

const MOST_KNOWN = 2_000
const LEAST_MS = 60_000
const MOST_FAILURES = 3
/** For endpoints the user named, by failures so far. */
const NAMED_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const
const FAULT_MS = 3_600_000

interface Entry {
  readonly endpoint: Endpoint
  readonly named: boolean
  state: 'idle' | 'busy' | 'self'
  failures: number
  /** It was a peer of ours since it was last dialled. */
  joined: boolean
  /** Neither of us wanted anything of the other when the link ended. */
  idleTalk: boolean
  notBefore: number
  /** Earlier is dialled first. */
  readonly order: number
}

export class PeerBook {
  private readonly entries = new Map<string, Entry>()
  /** None may be dialled before this moment. */
  private earliest = Infinity

  /** `order`: a dial priority for an endpoint (BEP 40); the larger is dialled first. */
  constructor(private readonly order: (endpoint: Endpoint) => number) {}

  get size(): number {
    return this.entries.size
  }

  /** Endpoints heard of; known, impossible and surplus ones are passed over. */
  offer(endpoints: readonly Endpoint[], named: boolean, now: number): void {
    for (const endpoint of endpoints) {
      if (endpoint.port === 0 || isUnspecified(endpoint.ip) || isMulticast(endpoint.ip)) continue
      const key = formatEndpoint(endpoint)
      const known = this.entries.get(key)
      if (known !== undefined && (known.named || !named)) continue
      if (known === undefined && this.entries.size >= MOST_KNOWN && !this.makeRoom()) continue
      this.earliest = Math.min(this.earliest, now)
      this.entries.set(key, {
        endpoint,
        named,
        state: known?.state ?? 'idle',
        failures: 0,
        joined: false,
        idleTalk: false,
        notBefore: now,
        order: this.order(endpoint),
      })
    }
  }

  /** The endpoint to dial next, marked busy until `done`; null when none is due. */
  next(now: number): Endpoint | null {
    if (now < this.earliest) return null
    let best: Entry | null = null
    let earliest = Infinity
    for (const entry of this.entries.values()) {
      if (entry.state !== 'idle' || (!entry.named && entry.failures >= MOST_FAILURES)) continue
      earliest = Math.min(earliest, entry.notBefore)
      if (entry.notBefore > now) continue
      if (best === null || rank(entry) > rank(best)) best = entry
    }
    this.earliest = earliest
    if (best === null) return null
    best.state = 'busy'
    best.joined = false
    best.notBefore = now + LEAST_MS
    return best.endpoint
  }

  /** A peer came to us from here, or we reached it: it is not dialled while it is connected. */
  connected(endpoint: Endpoint): void {
    const entry = this.entries.get(formatEndpoint(endpoint))
    if (entry === undefined) return
    entry.state = 'busy'
    entry.joined = true
    entry.failures = 0
  }

  /** The dial failed, or the link was closed. */
  done(endpoint: Endpoint, now: number, reason: CloseReason | 'unreachable'): void {
    const entry = this.entries.get(formatEndpoint(endpoint))
    if (entry === undefined || entry.state === 'self') return
    entry.state = 'idle'
    // What took the call and was no peer of this torrent is no better than what did not take it.
    if (reason === 'unreachable' || (!entry.joined && !byUs(reason))) entry.failures++
    entry.idleTalk = reason === CloseReason.BothSeeds
    if (entry.idleTalk) entry.notBefore = now + FAULT_MS
    else if (entry.named)
      entry.notBefore = now + (NAMED_MS[Math.min(entry.failures, NAMED_MS.length) - 1] ?? NAMED_MS[0])
    else if (reason !== 'unreachable' && isFault(reason)) entry.notBefore = now + FAULT_MS
    this.earliest = Math.min(this.earliest, entry.notBefore)
  }

  /** More is wanted than before: those of whom nothing was wanted may be dialled at once. */
  wantMore(now: number): void {
    for (const entry of this.entries.values()) {
      if (!entry.idleTalk) continue
      entry.idleTalk = false
      entry.notBefore = now
      this.earliest = Math.min(this.earliest, now)
    }
  }

  /** The endpoint is our own: never dialled again. */
  self(endpoint: Endpoint): void {
    const entry = this.entries.get(formatEndpoint(endpoint))
    if (entry !== undefined) entry.state = 'self'
  }

  /** All but what the user named, and ourselves. */
  forget(): void {
    for (const [key, entry] of this.entries) if (!entry.named && entry.state !== 'self') this.entries.delete(key)
  }

  private makeRoom(): boolean {
    for (const [key, entry] of this.entries) {
      if (entry.state === 'idle' && !entry.named && entry.failures > 0) return this.entries.delete(key)
    }
    return false
  }
}

function byUs(reason: CloseReason): boolean {
  return reason === CloseReason.Ours || reason === CloseReason.Full || reason === CloseReason.Duplicate
}

function rank(entry: Entry): number {
  return (entry.named ? 2 ** 40 : 0) - entry.failures * 2 ** 34 + entry.order
}
