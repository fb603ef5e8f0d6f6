// Tit for tat: regular slots go to those who give us most, the rest by lot; who snubs us has the lot only. Once we only
// seed, they go round (seed-turns.ts). It keeps no peers: who holds the optimistic slot is seen from who was unchoked last.
import type { Random } from '../../core/base/random.js'
import type { ChokeCandidate, ChokePolicy } from '../../core/contracts/choke-policy.js'
import type { TitForTatOptions } from './config.js'
import { seedTurns, TURN_MS } from './seed-turns.js'

/** The optimistic slot changes hands in every third round, but not again in a round held out of turn. */
const TURN_ROUNDS = 3
/** Choked and without any traffic, and for no longer than this: a newcomer, three tickets in the draw. */
const NEWCOMER_MS = 60_000
const NEWCOMER_TICKETS = 3

export class TitForTat implements ChokePolicy {
  constructor(private readonly options: TitForTatOptions) {}

  round(
    candidates: readonly ChokeCandidate[],
    slots: number,
    seeding: boolean,
    round: number,
    random: Random,
    unchoke: Uint8Array,
  ): void {
    const asking: number[] = []
    let snubbing = 0
    for (let i = 0; i < candidates.length; i++) {
      if (!candidates[i]!.interested) continue
      asking.push(i)
      if (!seeding && candidates[i]!.snubbing) snubbing++
    }
    if (asking.length <= slots && snubbing === 0) {
      for (const i of asking) unchoke[i] = 1
      return
    }
    const turn = round % TURN_ROUNDS === 0
    const optimists = this.optimists(slots, turn, snubbing === asking.length)
    const regular = seeding
      ? seedTurns(candidates, asking, slots - optimists, turn, this.options.trialSeconds * 1000)
      : this.ranked(candidates, asking, random).slice(0, slots - optimists)
    for (const i of regular) unchoke[i] = 1
    const rest = asking.filter(i => unchoke[i] === 0)
    const left = this.keepTurn(candidates, rest, turn ? TURN_MS : Infinity, optimists, unchoke)
    this.draw(candidates, rest, left, random, unchoke)
  }

  /** Slots that go by lot. A single slot does in every third round and is regular in between. */
  private optimists(slots: number, turn: boolean, allSnub: boolean): number {
    const { optimisticSlots } = this.options
    // Nobody gives us anything: the more we try, the sooner somebody does.
    if (allSnub) return Math.min(slots, Math.max(optimisticSlots, Math.ceil(slots / 2)))
    if (slots > optimisticSlots) return optimisticSlots
    return turn || slots === 0 ? slots : slots - 1
  }

  /** Those who may have a regular slot, the most deserving first; ties to who has one already, then by lot. */
  private ranked(candidates: readonly ChokeCandidate[], asking: readonly number[], random: Random): readonly number[] {
    const lots = new Map(asking.map(i => [i, random.u32()]))
    return asking
      .filter(i => !candidates[i]!.snubbing)
      .sort((i, j) => {
        const a = candidates[i]!
        const b = candidates[j]!
        return b.rateToUs - a.rateToUs || Number(b.unchoked) - Number(a.unchoked) || lots.get(i)! - lots.get(j)!
      })
  }

  /** Whoever was unchoked last, within `youngerThan`, keeps the optimistic slot. Returns the slots still left. */
  private keepTurn(
    candidates: readonly ChokeCandidate[],
    rest: readonly number[],
    youngerThan: number,
    left: number,
    unchoke: Uint8Array,
  ): number {
    const holding = rest.filter(i => candidates[i]!.unchoked && candidates[i]!.sinceMs < youngerThan)
    holding.sort((i, j) => candidates[i]!.sinceMs - candidates[j]!.sinceMs)
    for (const i of holding.slice(0, left)) unchoke[i] = 1
    return left - Math.min(left, holding.length)
  }

  /** By lot, newcomers with more tickets; those who hold a slot only when nobody else is left. */
  private draw(
    candidates: readonly ChokeCandidate[],
    rest: readonly number[],
    slots: number,
    random: Random,
    unchoke: Uint8Array,
  ): void {
    for (let left = slots; left > 0; left--) {
      const open = rest.filter(i => unchoke[i] === 0)
      const fresh = open.filter(i => !candidates[i]!.unchoked)
      const pool = fresh.length > 0 ? fresh : open
      const tickets = pool.flatMap(i => new Array<number>(this.tickets(candidates[i]!)).fill(i))
      if (tickets.length === 0) return
      unchoke[tickets[random.below(tickets.length)]!] = 1
    }
  }

  private tickets(c: ChokeCandidate): number {
    const idle = c.rateToUs === 0 && c.rateFromUs === 0
    return !c.unchoked && idle && !c.snubbing && c.sinceMs < NEWCOMER_MS ? NEWCOMER_TICKETS : 1
  }
}
