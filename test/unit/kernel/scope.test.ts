import { expect } from 'chai'
import { inject, injectable, token } from '../../../core/kernel/plugin.js'
import { NodeScope } from '../../../core/kernel/scope.js'
import { failure } from './toy-node.js'

const Lamp = token.one<string>('scope-lamp')
const Bulbs = token.many<string>('scope-bulbs')

@injectable()
class Room {
  constructor(
    @inject(Lamp.key) readonly lamp: string,
    @inject(Bulbs.key) readonly bulbs: readonly string[],
  ) {}
}

describe('scope', () => {
  it('builds from its own values and those around it, each time anew', () => {
    const house = new NodeScope('house')
    house.provide(Lamp, 'hall')
    const first = house.open('first')
    const second = house.open('second')
    for (const bulb of ['a', 'b']) first.provide(Bulbs, bulb)
    second.provide(Bulbs, 'c')
    expect(first.construct(Room)).to.deep.include({ lamp: 'hall', bulbs: ['a', 'b'] })
    expect(second.construct(Room)).to.deep.include({ lamp: 'hall', bulbs: ['c'] })
    expect(first.construct(Room)).to.not.equal(first.construct(Room))
  })

  it('refuses a second value of a one, and what cannot be built', () => {
    const house = new NodeScope('house')
    house.provide(Lamp, 'hall')
    expect(() => house.provide(Lamp, 'porch'))
      .to.throw('already')
      .with.property('code', 'ERR_SCOPE_DUPLICATE')
    expect(() => house.construct(Room))
      .to.throw('Room')
      .with.property('code', 'ERR_SCOPE_CONSTRUCT')
    class Bare {
      constructor(readonly lamp: string) {}
    }
    expect(() => house.construct(Bare))
      .to.throw('Bare')
      .with.property('code', 'ERR_SCOPE_CONSTRUCT')
  })

  it('keeps two nodes of a process apart', () => {
    const one = new NodeScope('one')
    const two = new NodeScope('two')
    one.provide(Lamp, 'one')
    one.provide(Bulbs, 'one')
    expect(one.construct(Room).lamp).to.equal('one')
    expect(() => two.construct(Room))
      .to.throw()
      .with.property('code', 'ERR_SCOPE_CONSTRUCT')
  })

  it('closes inside out, the newest first, once, and goes on past a release that fails', async () => {
    const log: string[] = []
    const house = new NodeScope('house')
    house.onClose(() => void log.push('house 1'))
    house.onClose(() => void log.push('house 2'))
    for (const name of ['first', 'second']) house.open(name).onClose(() => void log.push(name))
    const gone = house.open('gone')
    gone.onClose(() => void log.push('gone'))
    await gone.close()
    house.onClose(() => Promise.reject(new Error('stuck')))
    expect((await failure(house.close())).message).to.equal('stuck')
    await failure(house.close())
    expect(log).to.deep.equal(['gone', 'second', 'first', 'house 2', 'house 1'])
    expect(() => house.open('late'))
      .to.throw('closed')
      .with.property('code', 'ERR_SCOPE_CLOSED')
  })
})
