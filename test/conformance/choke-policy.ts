// What every choke policy must do (core/contracts/choke-policy.ts).
import assert from 'node:assert/strict'
import { createRandom, type Random } from '../../core/base/random.js'
import type { ChokeCandidate, ChokePolicy } from '../../core/contracts/choke-policy.js'
import type { ConformanceCase } from './case.js'

type Seat = { -readonly [K in keyof ChokeCandidate]: ChokeCandidate[K] }

const ROUND_MS = 10_000

/** A crowd whose rates, wishes and comings are drawn from a seed; it lives by what the policy decides. */
class Crowd {
  readonly seats: Seat[] = []
  private readonly random: Random
  private readonly ties: Random
  private rounds = 0

  constructor(
    private readonly policy: ChokePolicy,
    seed: number,
    private readonly size: number,
  ) {
    this.random = createRandom(seed).fork('crowd')
    this.ties = createRandom(seed).fork('ties')
    for (let slot = 0; slot < size; slot++) this.seats.push(this.newcomer(slot))
  }

  /** One round, judged and obeyed; gives who is unchoked. */
  round(slots: number, seeding: boolean): readonly number[] {
    const unchoke = new Uint8Array(this.size)
    const before = structuredClone(this.seats)
    this.policy.round(this.seats, slots, seeding, this.rounds++, this.ties, unchoke)
    assert.deepEqual(this.seats, before, 'it changed a candidate')
    assert.ok(
      unchoke.every(flag => flag <= 1),
      'a flag is neither 0 nor 1',
    )
    const taken = this.seats.filter((seat, i) => seat.interested && unchoke[i] === 1).length
    assert.ok(taken <= slots, `${taken} interested peers unchoked, with ${slots} slots`)
    this.seats.forEach((seat, i) => this.live(seat, unchoke[i] === 1))
    return [...unchoke.keys()].filter(i => unchoke[i] === 1)
  }

  private live(seat: Seat, unchoked: boolean): void {
    seat.sinceMs = seat.unchoked === unchoked ? seat.sinceMs + ROUND_MS : ROUND_MS
    seat.unchoked = unchoked
    seat.interested = this.random.below(5) > 0
    seat.rateToUs = this.random.below(3) === 0 ? 0 : this.random.below(1_000_000)
    seat.rateFromUs = unchoked ? this.random.below(1_000_000) : 0
    seat.snubbing = this.random.below(6) === 0
    if (this.random.below(20) === 0) Object.assign(seat, this.newcomer(seat.slot))
  }

  private newcomer(slot: number): Seat {
    const interested = this.random.below(5) > 0
    return { slot, interested, unchoked: false, rateToUs: 0, rateFromUs: 0, sinceMs: 0, snubbing: false }
  }
}

export function chokePolicyCases(make: () => ChokePolicy): ConformanceCase[] {
  const cases: ConformanceCase[] = []
  const add = (name: string, run: () => void): void => void cases.push({ name, run })

  for (const seeding of [false, true]) {
    const mode = seeding ? 'seeding' : 'leeching'
    add(`${mode}: the interested peers it unchokes fit into the slots, in crowds of all sizes`, () => {
      for (const size of [0, 1, 2, 5, 30, 200]) {
        for (const slots of [0, 1, 2, 4, 50]) {
          const crowd = new Crowd(make(), size + slots, size)
          for (let round = 0; round < 30; round++) crowd.round(slots, seeding)
        }
      }
    })

    add(`${mode}: whoever alone wants something gets it`, () => {
      const policy = make()
      for (let round = 0; round < 6; round++) {
        const alone = { interested: true, unchoked: round > 0, rateToUs: 0, rateFromUs: 0, snubbing: false }
        const unchoke = new Uint8Array(1)
        policy.round([{ slot: 3, sinceMs: 0, ...alone }], 4, seeding, round, createRandom(1), unchoke)
        assert.equal(unchoke[0], 1)
      }
    })

    add(`${mode}: the same seed gives the same decisions`, () => {
      const play = (): readonly (readonly number[])[] => {
        const crowd = new Crowd(make(), 5, 20)
        return Array.from({ length: 40 }, () => crowd.round(4, seeding))
      }
      assert.deepEqual(play(), play())
    })

    add(`${mode}: one policy serves two torrents as it would serve each alone`, () => {
      const alone = new Crowd(make(), 6, 20)
      const shared = make()
      const one = new Crowd(shared, 6, 20)
      const other = new Crowd(shared, 7, 15)
      for (let round = 0; round < 40; round++) {
        other.round(3, !seeding)
        assert.deepEqual(one.round(4, seeding), alone.round(4, seeding))
      }
    })
  }
  return cases
}
