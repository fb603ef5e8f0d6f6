// Tit for tat: regular slots go to those who give us most (or, once we only give, to those who take fastest), the rest
// by lot. It keeps no peers: who holds the optimistic slot is seen from who was unchoked last.
import type { Random } from '../../core/base/random.js'
import type { ChokeCandidate, ChokePolicy } from '../../core/contracts/choke-policy.js'
import type { TitForTatOptions } from './config.js'

/** The optimistic slot changes hands in every third round, but not again in a round held out of turn. */
const TURN_ROUNDS = 3
const TURN_MS = 15_000
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
    for (let i = 0; i < candidates.length; i++) if (candidates[i]!.interested) asking.push(i)
    if (asking.length <= slots) {
      for (const i of asking) unchoke[i] = 1
      return
    }
    const turn = round % TURN_ROUNDS === 0
    const ranked = this.ranked(candidates, asking, seeding, random)
    const regular = this.regularSlots(slots, turn)
    let left = slots
    for (const i of ranked) {
      if (left === slots - regular) break
      unchoke[i] = 1
      left--
    }
    const rest = asking.filter(i => unchoke[i] === 0)
    left = this.keepTurn(candidates, rest, turn ? TURN_MS : Infinity, left, unchoke)
    this.draw(candidates, rest, left, random, unchoke)
  }

  /** A single slot is optimistic in every third round and regular in between. */
  private regularSlots(slots: number, turn: boolean): number {
    const { optimisticSlots } = this.options
    if (slots > optimisticSlots) return slots - optimisticSlots
    return turn || slots === 0 ? 0 : 1
  }

  /** Those who may have a regular slot, the most deserving first; ties to who has one already, then by lot. */
  private ranked(
    candidates: readonly ChokeCandidate[],
    asking: readonly number[],
    seeding: boolean,
    random: Random,
  ): readonly number[] {
    const trialMs = this.options.trialSeconds * 1000
    const lots = new Map(asking.map(i => [i, random.u32()]))
    const onTrial = (c: ChokeCandidate): number => (seeding && c.unchoked && c.sinceMs < trialMs ? 1 : 0)
    const rate = (c: ChokeCandidate): number => (seeding ? c.rateFromUs : c.rateToUs)
    return asking
      .filter(i => !candidates[i]!.snubbing)
      .sort((i, j) => {
        const a = candidates[i]!
        const b = candidates[j]!
        return (
          onTrial(b) - onTrial(a) ||
          rate(b) - rate(a) ||
          Number(b.unchoked) - Number(a.unchoked) ||
          lots.get(i)! - lots.get(j)!
        )
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
