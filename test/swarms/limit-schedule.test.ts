// Limits by the hour in whole nodes whose clock moves. Every world begins on Wednesday, 1 January 2025, 0:00 UTC.
import { expect } from 'chai'
import { Company } from './company.js'

const HOUR = 3_600_000
const KiB = 1024

describe('schedule of limits', function () {
  this.timeout(60_000)

  let company: Company

  beforeEach(() => {
    company = new Company()
  })

  afterEach(async () => {
    expect(await company.end()).to.deep.equal([])
  })

  const join = (client: object, utcOffset = (_epoch: number): number => 0) =>
    company.join({ name: 'node', client, machine: { utcOffset } })

  /** To this hour of the world, and two seconds on. */
  const until = (hour: number): Promise<void> => company.world.advance(hour * HOUR + 2000 - company.world.timeline.now)

  it('changes the limits at its hours and back again', async () => {
    const node = await join({
      limits: { down: '1 MiB/s', up: 500_000 },
      alternativeLimits: { down: '50 KiB/s' },
      schedule: [{ days: ['wed'], from: '08:00', to: '18:00' }],
    })
    const inForce = () => node.face.limits().inForce
    expect(inForce()).to.deep.equal({ down: 1024 * KiB, up: 500_000 })
    await until(7.99)
    expect(inForce()).to.deep.equal({ down: 1024 * KiB, up: 500_000 })
    await until(8)
    expect(inForce()).to.deep.equal({ down: 50 * KiB, up: 500_000 })
    expect(node.face.limits()).to.include({ down: 1024 * KiB, mode: 'schedule' })
    await until(18)
    expect(inForce()).to.deep.equal({ down: 1024 * KiB, up: 500_000 })
    await until(24 + 9)
    expect(inForce()).to.deep.equal({ down: 1024 * KiB, up: 500_000 })
  })

  it('goes by local time, over the day on which summer time begins', async () => {
    // Two hours ahead from 3:00 UTC of the first day on, one before.
    const node = await join({ schedule: [{ from: '06:00', to: '07:00', limits: { up: 5000 } }] }, epoch =>
      epoch >= Date.UTC(2025, 0, 1, 3) ? 120 : 60,
    )
    await until(3.9)
    expect(node.face.limits().inForce.up).to.equal(null)
    await until(4)
    expect(node.face.limits().inForce.up).to.equal(5000)
    await until(5)
    expect(node.face.limits().inForce.up).to.equal(null)
  })

  it('can be overridden, and followed again', async () => {
    const node = await join({
      limits: { up: 9000 },
      alternativeLimits: { up: 4000 },
      schedule: [{ from: '01:00', to: '02:00', limits: { up: null } }],
    })
    const up = () => node.face.limits().inForce.up
    node.face.setLimitMode('alternative')
    expect(up()).to.equal(4000)
    await until(1)
    expect(up()).to.equal(4000)
    node.face.setLimitMode('schedule')
    expect(up()).to.equal(null)
    node.face.setLimitMode('usual')
    expect(up()).to.equal(9000)
    node.face.setLimits({ up: 8000 })
    expect(up()).to.equal(8000)
    node.face.setLimitMode('schedule')
    await until(2)
    expect(up()).to.equal(8000)
  })
})
