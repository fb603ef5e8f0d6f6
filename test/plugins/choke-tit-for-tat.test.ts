import { expect } from 'chai'
import { createRandom } from '../../core/base/random.js'
import { Choke } from '../../core/contracts/choke-policy.js'
import plugin from '../../plugins/choke-tit-for-tat/index.js'
import { options } from '../../plugins/choke-tit-for-tat/config.js'
import { TitForTat } from '../../plugins/choke-tit-for-tat/tit-for-tat.js'
import { chokePolicyCases, loadPlugin, register } from '../conformance/index.js'
import type { ChokeCandidate } from '../../core/contracts/choke-policy.js'

type Seat = { -readonly [K in keyof ChokeCandidate]: ChokeCandidate[K] }

register(
  'choke-tit-for-tat: contract',
  chokePolicyCases(() => new TitForTat(options.parse({}))),
)
register(
  'choke-tit-for-tat without optimism: contract',
  chokePolicyCases(() => new TitForTat(options.parse({ optimisticSlots: 0 }))),
)

/** A peer that wants something, choked for long. */
const peer = (slot: number, over: Partial<Seat> = {}): Seat => ({
  slot,
  interested: true,
  unchoked: false,
  rateToUs: 0,
  rateFromUs: 0,
  sinceMs: 600_000,
  snubbing: false,
  ...over,
})
const unchoked = (slot: number, over: Partial<Seat> = {}): Seat => peer(slot, { unchoked: true, ...over })

interface Round {
  readonly slots?: number
  readonly seeding?: boolean
  readonly round?: number
  readonly seed?: number
}

/** Slots of those unchoked. */
function decide(seats: readonly Seat[], { slots = 4, seeding = false, round = 1, seed = 1 }: Round = {}): number[] {
  const flags = new Uint8Array(seats.length)
  new TitForTat(options.parse({})).round(seats, slots, seeding, round, createRandom(seed), flags)
  return seats.filter((_, i) => flags[i] === 1).map(seat => seat.slot)
}

describe('choke-tit-for-tat', () => {
  it('is provided as the choke policy', async () => {
    const loaded = await loadPlugin(plugin)
    expect(loaded.provided(Choke)).to.be.instanceOf(TitForTat)
    await loaded.stop()
  })

  it('unchokes everyone who wants something while there are slots, and nobody else', () => {
    expect(decide([peer(0), peer(1, { interested: false, rateToUs: 900 }), peer(2)])).to.deep.equal([0, 2])
  })

  it('leeching, gives the regular slots to those who give most', () => {
    const seats = [100, 900, 300, 700, 500, 0, 0].map((rateToUs, i) =>
      peer(i, { rateToUs, rateFromUs: 1000 - rateToUs }),
    )
    for (let seed = 0; seed < 20; seed++) expect(decide(seats, { seed })).to.include.members([1, 3, 4])
  })

  it('seeding, gives them to those who take fastest', () => {
    const seats = [100, 900, 300, 700, 500, 0, 0].map((rate, i) =>
      unchoked(i, { rateFromUs: rate, rateToUs: 1000 - rate }),
    )
    expect(decide(seats, { seeding: true })).to.include.members([1, 3, 4])
  })

  it('gives a snubbing peer no regular slot, whatever it gave before', () => {
    const seats = [
      unchoked(0, { rateToUs: 9000, snubbing: true }),
      ...[1, 2, 3, 4, 5].map(i => unchoked(i, { rateToUs: i })),
    ]
    const regular = decide(seats, { slots: 4 })
    expect(regular).to.include.members([3, 4, 5])
    // The one slot by lot stays with whoever was unchoked last, and that is not the snubber here.
    seats[1]!.sinceMs = 5_000
    expect(decide(seats, { slots: 4 })).to.deep.equal([1, 3, 4, 5])
  })

  it('leaves the optimistic slot to the one who holds it until the third round', () => {
    const seats = [900, 800, 700].map((rateToUs, i) => unchoked(i, { rateToUs }))
    seats.push(unchoked(3, { sinceMs: 20_000 }), ...[4, 5, 6, 7].map(i => peer(i)))
    for (let seed = 0; seed < 20; seed++) {
      expect(decide(seats, { round: 1, seed })).to.deep.equal([0, 1, 2, 3])
      expect(decide(seats, { round: 3, seed }))
        .to.include.members([0, 1, 2])
        .and.not.include(3)
    }
  })

  it('does not pass the optimistic slot on again in a round held out of turn', () => {
    const seats = [900, 800, 700].map((rateToUs, i) => unchoked(i, { rateToUs }))
    seats.push(unchoked(3, { sinceMs: 2_000 }), peer(4), peer(5))
    expect(decide(seats, { round: 3 })).to.deep.equal([0, 1, 2, 3])
  })

  it('favours newcomers in the draw', () => {
    const seats = [900, 800, 700].map((rateToUs, i) => unchoked(i, { rateToUs }))
    seats.push(peer(3, { sinceMs: 5_000 }), peer(4), peer(5), peer(6))
    let newcomer = 0
    for (let seed = 0; seed < 600; seed++) if (decide(seats, { round: 3, seed }).includes(3)) newcomer++
    // Three tickets of six.
    expect(newcomer).to.be.within(250, 350)
  })

  it('with one slot, gives it by lot in every third round and to the best in between', () => {
    const seats = [unchoked(0, { rateToUs: 900 }), peer(1), peer(2)]
    expect(decide(seats, { slots: 1, round: 1 })).to.deep.equal([0])
    for (let seed = 0; seed < 20; seed++) {
      const [chosen, ...more] = decide(seats, { slots: 1, round: 3, seed })
      expect(chosen).to.be.oneOf([1, 2])
      expect(more).to.deep.equal([])
    }
  })

  for (const seeding of [false, true]) {
    it(`${seeding ? 'seeding' : 'leeching'}, every one of twenty peers has its turn within the hour`, () => {
      const policy = new TitForTat(options.parse({}))
      const random = createRandom(5)
      const seats = Array.from({ length: 20 }, (_, i) => peer(i))
      const turns = new Array<number>(20).fill(0)
      for (let round = 0; round < 360; round++) {
        const flags = new Uint8Array(20)
        policy.round(seats, 4, seeding, round, random, flags)
        seats.forEach((seat, i) => {
          const now = flags[i] === 1
          seat.sinceMs = seat.unchoked === now ? seat.sinceMs + 10_000 : 10_000
          seat.unchoked = now
          seat.rateFromUs = now ? 1000 * (i + 1) : 0
          seat.rateToUs = 500 * (i + 1)
          if (now) turns[i]!++
        })
      }
      expect(Math.min(...turns)).to.be.above(0)
      // The best are served best.
      expect(turns[19]).to.be.above(2 * turns[0]!)
    })
  }
})
