import { expect } from 'chai'
import { delay } from '../../../core/base/clock.js'
import { NodeError } from '../../../core/base/errors.js'
import { World } from '../../../core/sim/world.js'

async function failure(promise: Promise<unknown>): Promise<NodeError> {
  try {
    await promise
  } catch (error) {
    if (NodeError.is(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('sim world', () => {
  it('settles a chain of promises at its instant, before the next event', async () => {
    const world = new World(1)
    const { clock } = world.node('a').host
    const order: string[] = []
    const chain = async (): Promise<void> => {
      await delay(clock, 10)
      for (let i = 0; i < 20; i++) await Promise.resolve()
      order.push(`chain at ${world.timeline.now}`)
    }
    clock.after(10, () => void chain())
    clock.after(20, () => order.push('timer'))
    clock.after(20.5, () => order.push('late timer'))
    await world.advance(30)
    expect(order).to.deep.equal(['timer', 'chain at 20', 'late timer'])
    expect(world.timeline.now).to.equal(30)
  })

  it('gives every machine a clock of its own that runs at the same pace', async () => {
    const world = new World(1)
    const [a, b] = [world.node('a').host.clock, world.node('b').host.clock]
    const [atA, atB] = [a.now(), b.now()]
    expect(atA).not.to.equal(atB)
    await world.advance(1234)
    expect([a.now() - atA, b.now() - atB]).to.deep.equal([1234, 1234])
  })

  it('draws the same from the same seed, and each machine something else', () => {
    const draw = (seed: number, name: string): number[] => {
      const { host } = new World(seed).node(name)
      const secret = new Uint8Array(4)
      host.entropy.fill(secret)
      return [host.random.u32(), host.random.fork('x').u32(), ...secret]
    }
    expect(draw(7, 'a')).to.deep.equal(draw(7, 'a'))
    expect(draw(7, 'a')).not.to.deep.equal(draw(7, 'b'))
    expect(draw(7, 'a')).not.to.deep.equal(draw(8, 'a'))
  })

  it('beats every interval until cancelled, and knows what is still held', async () => {
    const world = new World(1)
    const node = world.node('a')
    let beats = 0
    const timer = node.host.clock.every(10, () => beats++)
    await world.advance(35)
    expect(beats).to.equal(3)
    expect(node.inUse()).to.have.length(1)
    timer.cancel()
    await world.advance(35)
    expect(beats).to.equal(3)
    expect(node.inUse()).to.deep.equal([])
  })

  it('names seed and time when nothing is left to happen, when it takes too long, and when an event throws', async () => {
    const stalled = await failure(new World(5).run(() => false))
    expect(stalled.code).to.equal('ERR_SIM_STALLED')
    expect(stalled.message).to.contain('seed 5')
    const world = new World(6)
    const timer = world.node('a').host.clock.every(1000, () => undefined)
    expect((await failure(world.run(() => false, 5000))).code).to.equal('ERR_SIM_TOO_LONG')
    timer.cancel()
    world.timeline.after(5, () => {
      throw new Error('out of order')
    })
    const broken = await failure(world.run(() => false))
    expect(broken.code).to.equal('ERR_SIM_BROKEN')
    expect(broken.message).to.contain('out of order').and.contain('5005 ms')
  })

  it('asks its watchers after every event of a machine and ends the run with what they found', async () => {
    const world = new World(1)
    let asked = 0
    let sum = 0
    const node = world.node('a')
    const stop = world.watch(machine => {
      asked++
      return sum > 2 ? [`the sum of ${machine.name} is ${sum}`] : []
    })
    for (let i = 0; i < 4; i++) node.host.clock.after(i, () => sum++)
    world.timeline.after(0.5, () => undefined)
    const broken = await failure(world.run(() => false))
    expect(broken.message).to.contain('the sum of a is 3')
    expect(asked).to.equal(3)
    stop()
    await world.advance(10)
    expect(sum).to.equal(4)
  })
})
