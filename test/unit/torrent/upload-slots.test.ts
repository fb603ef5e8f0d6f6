import { expect } from 'chai'
import { UploadSlots } from '../../../core/torrent/upload-slots.js'

const KiB = 1024
const MiB = 1024 * KiB

/** Peers that all want something, each taking so much at most, over a line that carries so much. */
class Line {
  readonly slots: UploadSlots
  limit = Infinity
  private second = 0
  private carried = 0

  constructor(
    public capacity: number,
    private readonly each: number,
    private readonly peers = 50,
    most = 200,
  ) {
    this.slots = new UploadSlots(most)
  }

  get served(): number {
    return Math.min(this.peers, this.slots.count)
  }

  /** The mean of the slots over these minutes. */
  pass(minutes: number): number {
    let sum = 0
    for (let i = 0; i < minutes * 60; i++) {
      const rate = Math.min(this.capacity, this.limit, this.served * this.each)
      sum += this.slots.count
      this.carried += rate
      this.slots.tick(rate, this.limit)
      if (++this.second % 10 > 0) continue
      this.slots.round(this.carried / 10, this.peers > this.slots.count, this.limit)
      this.carried = 0
    }
    return sum / minutes / 60
  }
}

describe('upload slots', () => {
  it('are few where there is little to share out, so that they do not starve one another', () => {
    const line = new Line(200 * KiB, 100 * KiB)
    line.pass(2)
    expect(line.pass(30)).to.be.within(9, 11)
  })

  it('are many where there is much', () => {
    const line = new Line(10 * MiB, 2 * MiB)
    line.pass(0.2)
    expect(line.served, 'within seconds').to.equal(50)
  })

  it('serve everyone where the peers are the slow side, since the total grows with each of them', () => {
    const line = new Line(10 * MiB, 5 * KiB)
    line.pass(3)
    expect(line.served).to.equal(50)
    expect(line.pass(30)).to.be.above(49)
  })

  it('try again from time to time, and give up what adds nothing', () => {
    const line = new Line(200 * KiB, 100 * KiB)
    let most = 0
    for (let i = 0; i < 60; i++) {
      line.pass(0.5)
      most = Math.max(most, line.slots.count)
    }
    expect(most).to.be.above(10)
    expect(line.pass(10)).to.be.below(11)
  })

  it('become fewer when the line carries less, and more when it carries more', () => {
    const line = new Line(10 * MiB, 2 * MiB)
    line.pass(2)
    line.capacity = 100 * KiB
    line.pass(3)
    expect(line.slots.count).to.be.below(12)
    line.capacity = 10 * MiB
    line.pass(1)
    expect(line.served).to.equal(50)
  })

  it('go back when the slow peers they were opened for have left', () => {
    const line = new Line(10 * MiB, 5 * KiB)
    line.pass(5)
    line.capacity = 50 * KiB
    line.pass(2)
    expect(line.pass(10)).to.be.below(13)
  })

  it('follow a configured limit at once, up and down, and try nothing beyond it', () => {
    const line = new Line(10 * MiB, 2 * MiB)
    line.limit = 64 * KiB
    line.pass(0.1)
    expect(line.slots.count).to.equal(5)
    expect(line.pass(10)).to.be.within(4.9, 5.1)
    line.limit = 8 * KiB
    line.pass(0.1)
    expect(line.slots.count).to.equal(2)
    line.limit = 8 * MiB
    line.pass(0.1)
    expect(line.slots.count).to.equal(64)
  })

  it('are never more than the configured most', () => {
    const line = new Line(10 * MiB, 5 * KiB, 50, 20)
    line.pass(30)
    expect(line.slots.count).to.equal(20)
    expect(new UploadSlots(1).count).to.equal(1)
  })

  it('do not take what the buffers of the system swallow in a second for capacity', () => {
    const slots = new UploadSlots(200)
    slots.tick(0, Infinity)
    slots.tick(50 * MiB, Infinity)
    slots.tick(10 * KiB, Infinity)
    slots.tick(10 * KiB, Infinity)
    expect(slots.count).to.equal(4)
  })
})
