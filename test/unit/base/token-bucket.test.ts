import { expect } from 'chai'
import { TokenBucket } from '../../../core/base/token-bucket.js'

describe('token bucket', () => {
  it('has no end at first', () => {
    const bucket = new TokenBucket()
    bucket.fill(0)
    bucket.take(1e12)
    bucket.put(1)
    expect(bucket.wait(1e12)).to.equal(0)
  })

  it('begins empty, fills with time, and keeps no more than it may', () => {
    const bucket = new TokenBucket()
    bucket.set(1000, 250, 5000)
    expect(bucket.level).to.equal(0)
    expect(bucket.wait(100)).to.equal(100)
    bucket.fill(5100)
    expect(bucket.level).to.equal(100)
    bucket.fill(9000)
    expect(bucket.level).to.equal(250)
    bucket.put(10)
    expect(bucket.level).to.equal(250)
  })

  it('can be overdrawn, and then makes up for it', () => {
    const bucket = new TokenBucket()
    bucket.set(1000, 250, 0, true)
    bucket.take(1250)
    expect(bucket.wait(0)).to.equal(1000)
    bucket.fill(1000)
    expect(bucket.wait(0)).to.equal(0)
  })

  it('waits no longer than until it is full', () => {
    const bucket = new TokenBucket()
    bucket.set(1000, 250, 0)
    expect(bucket.wait(100_000)).to.equal(250)
  })

  it('keeps what it has when its rate changes, as far as it may', () => {
    const bucket = new TokenBucket()
    bucket.set(1000, 1000, 0)
    bucket.set(100, 250, 500)
    expect(bucket.level).to.equal(250)
    bucket.set(Infinity, Infinity, 600)
    bucket.set(100, 250, 700)
    expect(bucket.level).to.equal(0)
  })
})
