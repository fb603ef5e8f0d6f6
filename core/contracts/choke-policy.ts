import { token } from '../base/token.js'
import type { Random } from '../base/random.js'

/** One connected peer, as a choke policy may see it. Objects are used again from round to round. */
export interface ChokeCandidate {
  readonly slot: number
  /** It wants something from us. */
  readonly interested: boolean
  readonly unchoked: boolean
  /** Bytes a second lately: from the peer to us, and from us to the peer. */
  readonly rateToUs: number
  readonly rateFromUs: number
  /** Milliseconds since it was last choked or unchoked. */
  readonly sinceMs: number
  /** It owes us requested blocks and has sent none for a minute. */
  readonly snubbing: boolean
}

/**
 * Who may download from us. Asked every ten seconds, and out of turn when a slot falls free or one more is opened, but
 * then every three seconds at most; between rounds the engine unchokes an interested peer at once while a slot is free. One policy serves all torrents and keeps no peers.
 */
export interface ChokePolicy {
  /**
   * Sets unchoke[i] to 1 for each candidate i that is to be unchoked, at most `slots` of them interested; it comes
   * zeroed. `round` counts up from 0 per torrent, so that every third can be the optimistic one.
   */
  round(
    candidates: readonly ChokeCandidate[],
    slots: number,
    seeding: boolean,
    round: number,
    random: Random,
    unchoke: Uint8Array,
  ): void
}

export const Choke = token.one<ChokePolicy>('choke-policy')
