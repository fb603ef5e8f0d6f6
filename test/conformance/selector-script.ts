// Random events of a download, repeatable by seed: peers come, announce and leave, pieces are opened, verified, fail,
// and wishes change. Between events the selector is asked, and every answer judged.
import assert from 'node:assert/strict'
import { createRandom, type Random } from '../../core/base/random.js'
import { NONE, PieceState } from '../../core/contracts/piece-selector.js'
import type { PeerView, PieceSelector, PieceSelectorFactory } from '../../core/contracts/piece-selector.js'
import { SwarmPicture, type PicturePeer } from './swarm-picture.js'

export interface ScriptOptions {
  readonly pieces: number
  readonly steps: number
  readonly seed: number
  readonly options: Readonly<Record<string, unknown>>
  /** Looks at each answer beside the swarm in which it was given. */
  judge?(swarm: SwarmPicture, peer: PeerView, picked: number): void
}

/** Plays the script and gives all answers in order. A failure names the seed and the shortest script that shows it. */
export function playScript(factory: PieceSelectorFactory, script: ScriptOptions): readonly number[] {
  const random = createRandom(script.seed).fork('script')
  const swarm = new SwarmPicture(script.pieces, script.seed)
  for (let i = 0; i < script.pieces; i++) {
    swarm.state[i] = random.below(4) === 0 ? random.below(5) : PieceState.Wanted
    swarm.priority[i] = swarm.state[i] === PieceState.Skipped ? 0 : random.below(8) === 0 ? 1 + random.below(7) : 4
  }
  const selector = factory.create(swarm.view, script.options)
  swarm.tell(selector)
  const answers: number[] = []
  const told: string[] = []
  try {
    for (let step = 0; step < script.steps; step++) {
      told.push(event(swarm, random))
      const peer = swarm.peers[random.below(swarm.peers.length + 1)]
      if (peer === undefined) continue
      const picked = ask(swarm, selector, peer)
      answers.push(picked)
      told.push(`peer ${peer.slot} -> ${picked}`)
      script.judge?.(swarm, peer, picked)
      if (picked !== NONE && random.below(3) > 0) swarm.move(picked, 'o')
    }
  } catch (error) {
    const last = told.slice(-6).join('; ')
    const where = `seed ${script.seed}, ${script.pieces} pieces, step ${told.length}, after: ${last}`
    throw new Error(`${error instanceof Error ? error.message : String(error)} (${where})`, { cause: error })
  }
  return answers
}

/** Asks, and checks that the answer is a piece that fits, or NONE where none does. */
export function ask(swarm: SwarmPicture, selector: PieceSelector, peer: PeerView): number {
  const picked: unknown = selector.pick(peer)
  if (picked === NONE) {
    const [missed] = swarm.fitting(peer)
    assert.equal(missed, undefined, `answered NONE where piece ${missed} fits`)
    return NONE
  }
  assert.ok(typeof picked === 'number' && Number.isInteger(picked), `answered ${String(picked)}`)
  assert.ok(picked >= 0 && picked < swarm.pieceCount, `picked ${picked} of ${swarm.pieceCount} pieces`)
  assert.ok(peer.has(picked), `picked ${picked}, which the peer has not`)
  assert.equal(swarm.state[picked], PieceState.Wanted, `picked ${picked}, which is not wanted`)
  assert.notEqual(swarm.priority[picked], 0, `picked ${picked}, which has priority 0`)
  return picked
}

function event(swarm: SwarmPicture, random: Random): string {
  const piece = random.below(swarm.pieceCount)
  const peer: PicturePeer | undefined = swarm.peers[random.below(swarm.peers.length + 1)]
  const state = swarm.state[piece]!
  switch (random.below(12)) {
    case 0:
    case 1: {
      if (swarm.peers.length >= 12) return 'a full house'
      const kind = random.below(4)
      const share = kind === 0 ? 20 : 2
      const bits = [...swarm.state.keys()].filter(() => random.below(share) === 0)
      return `peer ${swarm.join(kind === 1 ? 'seed' : kind === 2 ? '' : bits).slot} joined`
    }
    case 2:
      if (peer === undefined) return 'nobody left'
      swarm.leave(peer)
      return `peer ${peer.slot} left`
    case 3:
    case 4:
    case 5:
    case 6:
      if (peer === undefined || peer.seed) return 'no have'
      swarm.has(peer, piece)
      return `peer ${peer.slot} has ${piece}`
    case 7:
      swarm.wish(piece, random.below(8))
      return `priority of ${piece} is ${swarm.priority[piece]}`
    case 8:
      if (state === PieceState.Have) swarm.move(piece, 'w')
      return `recheck of ${piece}`
    default:
      if (state === PieceState.Open) swarm.move(piece, random.below(3) === 0 ? 'w' : 'v')
      else if (state === PieceState.Verifying) swarm.move(piece, random.below(3) === 0 ? 'w' : 'h')
      return `piece ${piece} is "${swarm.toString().charAt(piece)}"`
  }
}
