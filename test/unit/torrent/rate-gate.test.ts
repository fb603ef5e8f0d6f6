import { expect } from 'chai'
import { RateGate, type Flow, type RateLane } from '../../../core/torrent/rate-gate.js'

const BLOCK = 16_384

/** A gate with a clock that only the test moves. */
class Bed {
  now = 0
  wakes = 0
  private wakeAt = Infinity
  readonly gate = new RateGate(
    () => this.now,
    ms => {
      this.wakes++
      this.wakeAt = this.now + ms
    },
  )

  advance(ms: number): void {
    const end = this.now + ms
    while (this.wakeAt <= end) {
      this.now = this.wakeAt
      this.wakeAt = Infinity
      this.gate.woken()
    }
    this.now = end
  }
}

/** Moves blocks without end, as far as it is let. */
class Endless implements Flow {
  moved = 0
  readonly need: number

  constructor(
    private readonly lane: RateLane,
    private readonly quantum = BLOCK,
    private left = Infinity,
  ) {
    this.need = quantum
  }

  go(most: number): number {
    const used = Math.min(this.left, Math.floor(most / this.quantum) * this.quantum)
    this.left -= used
    this.moved += used
    if (used > 0 && this.left > 0) this.lane.want(this)
    return used
  }
}

describe('rate gate', () => {
  it('limits nobody, and asks for no timer, until there is a limit', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    expect(lane.limited).to.equal(false)
    bed.gate.setRate(1000)
    expect(lane.limited).to.equal(true)
    expect(bed.gate.lane().limited).to.equal(true)
    bed.gate.setRate(Infinity)
    expect(lane.limited).to.equal(false)
    bed.advance(10_000)
    expect(bed.wakes).to.equal(0)
  })

  for (const rate of [10_240, 1e6, 1e9]) {
    it(`moves ${rate} bytes a second, and wakes at most fifty times for it`, () => {
      const bed = new Bed()
      const lane = bed.gate.lane()
      bed.gate.setRate(rate)
      const flow = new Endless(lane)
      lane.want(flow)
      bed.advance(10_000)
      expect(flow.moved).to.be.within(10 * rate - BLOCK - 0.03 * rate, 10 * rate)
      expect(bed.wakes).to.be.at.most(510)
    })
  }

  it('pays for a turn before it is taken', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    bed.gate.setRate(BLOCK / 2)
    const flow = new Endless(lane)
    lane.want(flow)
    bed.advance(1999)
    expect(flow.moved).to.equal(0)
    bed.advance(1)
    expect(flow.moved).to.equal(BLOCK)
  })

  it('shares between lanes first, whatever the number of flows in each', () => {
    const bed = new Bed()
    const [one, many] = [bed.gate.lane(), bed.gate.lane()]
    bed.gate.setRate(1e6)
    const single = new Endless(one)
    const others = Array.from({ length: 20 }, () => new Endless(many))
    one.want(single)
    for (const other of others) many.want(other)
    bed.advance(20_000)
    expect(single.moved).to.be.within(9.5e6, 10.2e6)
    for (const other of others) expect(other.moved).to.be.within(0.45e6, 0.55e6)
  })

  it('gives on what a lane with a limit of its own cannot use', () => {
    const bed = new Bed()
    const [slow, fast] = [bed.gate.lane(), bed.gate.lane()]
    bed.gate.setRate(1e6)
    slow.setRate(1e5)
    const [a, b] = [new Endless(slow), new Endless(fast)]
    slow.want(a)
    fast.want(b)
    bed.advance(10_000)
    expect(a.moved).to.be.within(0.95e6, 1e6)
    expect(b.moved).to.be.within(8.8e6, 9.1e6)
  })

  it('lets someone begin at once where nothing was used for a while, but with no more than a quarter of a second', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    bed.gate.setRate(1e6)
    bed.advance(60_000)
    const flow = new Endless(lane)
    lane.want(flow)
    expect(flow.moved).to.be.within(250_000 - BLOCK, 250_000)
  })

  it('takes a turn that is larger than what is ever kept, and makes up for it', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    bed.gate.setRate(10_000)
    const flow = new Endless(lane, 100_000)
    lane.want(flow)
    bed.advance(100_000)
    expect(flow.moved).to.be.within(900_000, 1_100_000)
  })

  it('drops who has nothing to move, and who has left', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    bed.gate.setRate(1e5)
    const [idle, gone] = [new Endless(lane, BLOCK, 0), new Endless(lane)]
    lane.want(idle)
    lane.want(gone)
    lane.leave(gone)
    bed.advance(1000)
    const { wakes } = bed
    bed.advance(60_000)
    expect(idle.moved + gone.moved).to.equal(0)
    expect(bed.wakes).to.equal(wakes)
    expect(lane.length).to.equal(0)
  })

  it('serves all who wait when the limit is lifted', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    bed.gate.setRate(1024)
    const flows = Array.from({ length: 5 }, () => new Endless(lane, BLOCK, 10 * BLOCK))
    for (const flow of flows) lane.want(flow)
    bed.gate.setRate(Infinity)
    expect(flows.map(flow => flow.moved)).to.deep.equal(flows.map(() => 10 * BLOCK))
  })

  it('gives back what will not be moved', () => {
    const bed = new Bed()
    const lane = bed.gate.lane()
    bed.gate.setRate(BLOCK)
    const flow = new Endless(lane, BLOCK, 2 * BLOCK)
    lane.want(flow)
    bed.advance(1000)
    expect(flow.moved).to.equal(BLOCK)
    lane.refund(BLOCK)
    bed.advance(20)
    expect(flow.moved).to.equal(2 * BLOCK)
  })
})
