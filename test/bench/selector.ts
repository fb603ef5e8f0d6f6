// Picks of the built-in selectors: seeds, peers that have a part, peers that have next to nothing, and a swarm whose peers
// come and go.
import { createRandom, type Random } from '../../core/base/random.js'
import { bestScore, NONE } from '../../core/contracts/piece-selector.js'
import { RarestFirst } from '../../plugins/selector-rarest-first/rarest-first.js'
import { Sequential } from '../../plugins/selector-sequential/sequential.js'
import { SwarmPicture } from '../conformance/swarm-picture.js'
import type { PieceSelector, SwarmView } from '../../core/contracts/piece-selector.js'
import type { PicturePeer } from '../conformance/swarm-picture.js'
import type { Bench } from './bench.js'

const PEERS = 200

type Make = (view: SwarmView) => PieceSelector

const rarestFirst: Make = view => new RarestFirst(view, { randomFirstPieces: 0 })
const sequential: Make = view => new Sequential(view, { windowPieces: 64 })
const naive: Make = view => ({ pick: peer => bestScore(view, peer, piece => view.availability[piece] ?? 0) })

/** Every piece with a chance of 1 in `share`. */
function some(pieces: number, share: number, random: Random): readonly number[] {
  const bits: number[] = []
  for (let i = 0; i < pieces; i++) if (random.below(share) === 0) bits.push(i)
  return bits
}

/** A swarm of 200 peers, each with a part of its own; the selector is told from here on. */
function crowd(pieces: number, make: Make): { swarm: SwarmPicture; selector: PieceSelector; random: Random } {
  const swarm = new SwarmPicture(pieces, 7)
  const random = createRandom(7).fork('crowd')
  for (let i = 1; i < PEERS; i++) swarm.join(some(pieces, 2 + (i % 6), random))
  const selector = make(swarm.view)
  swarm.tell(selector)
  return { swarm, selector, random }
}

/** Opens what is picked, and gives back the oldest of 64 open pieces, so that a download seems to go on for ever. */
function downloading(swarm: SwarmPicture, selector: PieceSelector): (peer: PicturePeer) => void {
  const open: number[] = []
  return peer => {
    const piece = selector.pick(peer)
    if (piece === NONE) return
    swarm.move(piece, 'o')
    open.push(piece)
    if (open.length > 64) swarm.move(open.shift() ?? 0, 'w')
  }
}

function asking(
  label: string,
  make: Make,
  pieces: number,
  who: (swarm: SwarmPicture, random: Random) => PicturePeer[],
): Bench {
  return {
    name: `${label}, ${pieces} pieces`,
    prepare() {
      const { swarm, selector, random } = crowd(pieces, make)
      const peers = who(swarm, random)
      const ask = downloading(swarm, selector)
      let next = 0
      return { run: () => ask(peers[next++ % peers.length]!) }
    },
  }
}

const seed = (swarm: SwarmPicture): PicturePeer[] => [swarm.join('seed')]
const parts = (swarm: SwarmPicture): PicturePeer[] => swarm.peers.slice()
const few = (swarm: SwarmPicture, random: Random): PicturePeer[] =>
  Array.from({ length: 8 }, () => swarm.join(Array.from({ length: 20 }, () => random.below(swarm.pieceCount))))
const half = (swarm: SwarmPicture): PicturePeer[] => [
  swarm.join(Array.from({ length: swarm.pieceCount >> 1 }, (_, i) => i)),
]

/**
 * 400 picks a second is usual: in that time 100 haves come, and one peer goes and another joins. `nsPerPick` is the
 * selector's part, the filing anew among it; the other figures hold the counting of bit fields as well.
 */
function busy(label: string, make: Make, pieces: number): Bench {
  return {
    name: `${label}, ${PEERS} peers that come and go, ${pieces} pieces`,
    prepare() {
      const { swarm, selector, random } = crowd(pieces, make)
      const fields = Array.from({ length: PEERS }, (_, i) => some(pieces, 2 + (i % 6), random))
      const ask = downloading(swarm, selector)
      let spent = 0
      let picks = 0
      return {
        run() {
          if (picks++ % 400 === 0) {
            swarm.leave(swarm.peers[random.below(swarm.peers.length)]!)
            swarm.join(fields[random.below(fields.length)])
          }
          const peer = swarm.peers[random.below(swarm.peers.length)]!
          const piece = random.below(pieces)
          const began = performance.now()
          if (picks % 4 === 0) swarm.has(peer, piece)
          ask(peer)
          spent += performance.now() - began
        },
        facts: () => ({ nsPerPick: Math.round((spent * 1e6) / picks) }),
      }
    },
  }
}

export const selectorBenches: readonly Bench[] = [5_000, 100_000].flatMap(pieces => [
  asking('selector: rarest-first, a seed', rarestFirst, pieces, seed),
  asking('selector: rarest-first, peers with parts', rarestFirst, pieces, parts),
  asking('selector: rarest-first, peers with 20 pieces', rarestFirst, pieces, few),
  asking('selector: rarest-first, a peer with the first half', rarestFirst, pieces, half),
  busy('selector: rarest-first', rarestFirst, pieces),
  asking('selector: sequential, a seed', sequential, pieces, seed),
  asking('selector: sequential, peers with parts', sequential, pieces, parts),
  asking('selector: bestScore, peers with parts', naive, pieces, parts),
])
