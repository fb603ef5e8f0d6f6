// Between the engine and a selector plugin: every answer is checked, so that a selector can choose badly but not harm.
// Nonsense is replaced by the engine's own choice; a selector that keeps at it, or throws, is set aside and reported.
import { messageOf, type NodeError } from '../base/errors.js'
import { bestScore, NONE, PieceState } from '../contracts/piece-selector.js'
import type { PeerView, PieceSelector, PieceSelectorFactory, SwarmView } from '../contracts/piece-selector.js'
import type { PieceIndex } from '../protocol/ids.js'
import { torrentErrors } from './errors.js'

const STRIKES = 8

export class SelectorGuard {
  private selector: PieceSelector | null = null
  private strikes = 0
  /** Tick in which a peer's NONE was last looked into; once a tick and peer is enough. */
  private readonly noneChecked: Float64Array

  constructor(
    factory: PieceSelectorFactory,
    options: Readonly<Record<string, unknown>>,
    private readonly view: SwarmView,
    peerCapacity: number,
    private readonly name: string,
    private readonly setAside: (error: NodeError) => void,
  ) {
    this.noneChecked = new Float64Array(peerCapacity).fill(-1)
    this.ask(() => {
      this.selector = factory.create(view, options)
    })
  }

  pick(peer: PeerView, tick: number): PieceIndex | typeof NONE {
    let picked: unknown
    this.ask(selector => {
      picked = selector?.pick(peer)
    })
    if (picked === NONE) {
      if (this.noneChecked[peer.slot] === tick) return NONE
      this.noneChecked[peer.slot] = tick
      const own = this.ownChoice(peer)
      if (own !== NONE) this.strike('answered that there is no piece where there is one')
      return own
    }
    if (typeof picked === 'number') {
      const piece = this.view.geometry.piece(picked)
      if (piece !== -1 && this.view.state[piece] === PieceState.Wanted) {
        if (peer.has(piece)) return piece
        // It holds the piece but refused it lately, which the bits that a selector may read do not show.
        if (peer.seed || (peer.have[piece >> 3]! & (0x80 >> (piece & 7))) !== 0) return this.ownChoice(peer)
      }
    }
    if (this.selector !== null) this.strike(`picked ${String(picked)}, which is not a wanted piece of that peer`)
    return this.ownChoice(peer)
  }

  onAvailability(piece: PieceIndex, count: number): void {
    if (this.selector?.onAvailability) this.ask(selector => selector?.onAvailability?.(piece, count))
  }

  onState(piece: PieceIndex, state: number): void {
    if (this.selector?.onState) this.ask(selector => selector?.onState?.(piece, state))
  }

  onRebuild(): void {
    if (this.selector?.onRebuild) this.ask(selector => selector?.onRebuild?.())
  }

  private ownChoice(peer: PeerView): PieceIndex | typeof NONE {
    return bestScore(this.view, peer, piece => this.view.availability[piece] ?? 0)
  }

  private ask(call: (selector: PieceSelector | null) => void): void {
    try {
      call(this.selector)
    } catch (error) {
      this.drop(`threw: ${messageOf(error)}`, error)
    }
  }

  private strike(what: string): void {
    if (++this.strikes >= STRIKES) this.drop(what)
  }

  private drop(what: string, cause?: unknown): void {
    this.selector = null
    this.setAside(
      torrentErrors.make(
        'ERR_TORRENT_SELECTOR',
        `the piece selector "${this.name}" ${what}; it is set aside and the torrent goes on with the rarest piece first`,
        cause === undefined ? {} : { cause },
      ),
    )
  }
}
