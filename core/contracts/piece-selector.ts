import { token } from '../base/token.js'
import type { Random } from '../base/random.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'

/** Read-only windows on live typed arrays: never copied, always current. */
export interface U8 {
  readonly length: number
  readonly [i: number]: number
}
export interface U16 {
  readonly length: number
  readonly [i: number]: number
}

/** The life of a piece. Only the engine moves a piece from one state to another. */
export const PieceState = { Skipped: 0, Wanted: 1, Open: 2, Verifying: 3, Have: 4 } as const
export type PieceState = (typeof PieceState)[keyof typeof PieceState]

/** "No piece": what pick answers when the peer has nothing that is wanted. */
export const NONE = -1 as const

/** What a selector may know of a torrent. The arrays are the engine's own and change under the selector's eyes. */
export interface SwarmView {
  readonly geometry: PieceGeometry
  /** PieceState of each piece. */
  readonly state: U8
  /** The user's wish for each piece: 0 skip, 1 lowest to 7 highest. */
  readonly priority: U8
  /** How many connected peers have each piece, seeds not counted (they have all). */
  readonly availability: U16
  /** Connected seeds. */
  readonly seeds: number
  /** Repeatable randomness for ties; the only randomness a selector should use. */
  readonly random: Random
}

/** One connected peer, as a selector may see it. */
export interface PeerView {
  /** The peer's number, used again after it has gone. */
  readonly slot: number
  readonly seed: boolean
  /** Bytes a second received from it lately. */
  readonly downloadRate: number
  /** Its pieces in BEP 3 bit order; meaningless for a seed, use `has`. */
  readonly have: U8
  has(piece: number): boolean
}

/**
 * Policy: which piece to open next. One selector serves one torrent.
 *
 * It is asked only when a new piece must be opened; blocks inside open pieces, end game, time-outs and parole are the
 * engine's. All calls are synchronous, on the main thread, and must not allocate much: 400 picks a second are usual.
 * The engine checks every answer (in range, Wanted, the peer has it), so a selector can choose badly but not corrupt;
 * one that throws or keeps answering nonsense is set aside for the engine's own order, and reported once.
 */
export interface PieceSelector {
  /** A Wanted piece that the peer has, of the highest priority among these; NONE only if there is none. */
  pick(peer: PeerView): PieceIndex | typeof NONE
  /** A peer announced one piece, or one that had it left: `count` is the new availability. */
  onAvailability?(piece: PieceIndex, count: number): void
  /** The engine moved a piece to `state`. */
  onState?(piece: PieceIndex, state: number): void
  /** Much changed at once (a bitfield came, a peer with many pieces left, priorities changed): reread the view. */
  onRebuild?(): void
}

/** Makes a selector for each torrent. `options` are the torrent's own, from the profile; the plugin's come by its config. */
export interface PieceSelectorFactory {
  create(view: SwarmView, options: Readonly<Record<string, unknown>>): PieceSelector
}

/** By name: 'rarest-first', 'sequential', and yours. */
export const PieceSelectors = token.named<PieceSelectorFactory>('piece-selectors')

/**
 * The Wanted piece of this peer with the lowest score, ties broken at random: a whole selector in one call, at 14 us a
 * pick with 5,000 pieces. Pieces of a higher priority come first whatever their score.
 */
export function bestScore(
  view: SwarmView,
  peer: PeerView,
  score: (piece: PieceIndex) => number,
): PieceIndex | typeof NONE {
  let best: PieceIndex | typeof NONE = NONE
  let bestPriority = 0
  let bestOf = Infinity
  let ties = 0
  for (let i = 0; i < view.geometry.pieceCount; i++) {
    if (view.state[i] !== PieceState.Wanted || !peer.has(i)) continue
    const priority = view.priority[i] ?? 0
    if (priority === 0 || priority < bestPriority) continue
    const piece = view.geometry.piece(i)
    if (piece === NONE) continue
    const value = score(piece)
    if (priority === bestPriority && value > bestOf) continue
    if (priority > bestPriority || value < bestOf) {
      best = piece
      bestPriority = priority
      bestOf = value
      ties = 1
    } else if (view.random.below(++ties) === 0) best = piece
  }
  return best
}
