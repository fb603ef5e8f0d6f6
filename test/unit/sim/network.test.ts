import { expect } from 'chai'
import { Ports } from '../../../core/sim/ports.js'
import { World } from '../../../core/sim/world.js'
import { at } from '../../plugins/endpoint-at.js'

describe('sim network', () => {
  it('keeps what one machine sends another in order, at the rate of the slower lane', async () => {
    const world = new World(1)
    const from = world.node('from', { latencyMs: 5 })
    const to = world.node('to', { latencyMs: 5, downBytesPerSecond: 1040 })
    const arrivals: string[] = []
    for (const name of ['first', 'second']) {
      from.carry(to, 1000, { arrived: () => arrivals.push(`${name} at ${world.timeline.now}`) })
    }
    await world.advance(5000)
    expect(arrivals).to.deep.equal(['first at 1010', 'second at 2010'])
  })

  it('loses datagrams as often as both ends say, and none on the way to oneself', () => {
    const world = new World(2)
    const [a, b] = [world.node('a', { loss: 0.2 }), world.node('b', { loss: 0.5 })]
    let lost = 0
    for (let i = 0; i < 1000; i++) if (world.network.loses(a, b)) lost++
    expect(lost).to.be.within(550, 650)
    for (let i = 0; i < 100; i++) expect(world.network.loses(a, a)).to.equal(false)
  })

  it('gives a port to one only, wildcard or not, and again once it is free', () => {
    const held: string[] = []
    const hold = (what: string) => {
      held.push(what)
      return () => void held.splice(held.indexOf(what), 1)
    }
    const ports = new Ports<string>([Uint8Array.of(20, 0, 0, 1)], hold, 'port')
    const bind = (text: string) => ports.bind(at(text), text)
    const one = bind('20.0.0.1:80')
    for (const taken of ['20.0.0.1:80', '0.0.0.0:80', '[::]:80']) expect(bind(taken)).to.be.a('string')
    for (const free of ['127.0.0.1:80', '[::1]:80', '20.0.0.1:81']) expect(bind(free)).to.be.an('object')
    expect(bind('20.0.0.2:80')).to.contain('no such address')
    expect(ports.find(at('20.0.0.1:80'))?.service).to.equal('20.0.0.1:80')
    if (typeof one !== 'string') {
      one.release()
      one.release()
    }
    expect(ports.find(at('20.0.0.1:80'))).to.equal(undefined)
    expect(held).to.have.length(3)
    expect(bind('20.0.0.1:80')).to.be.an('object')
  })
})
