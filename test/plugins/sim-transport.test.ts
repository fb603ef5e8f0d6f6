import { expect } from 'chai'
import { endpointOf } from '../../core/base/address.js'
import type { Endpoint } from '../../core/base/address.js'
import type { PeerLink } from '../../core/contracts/peer-transport.js'
import type { SimNode } from '../../core/sim/node.js'
import { World } from '../../core/sim/world.js'
import { SimTransport } from '../../plugins/sim-transport/sim-transport.js'
import { register } from '../conformance/case.js'
import { peerTransportCases } from '../conformance/peer-transport.js'
import { at } from './endpoint-at.js'
import { codeOf } from './code-of.js'

const never = new AbortController().signal

function addressOf(node: SimNode, port: number): Endpoint {
  return endpointOf(node.addresses[0] ?? new Uint8Array(4), port)
}

register(
  'sim-transport',
  peerTransportCases(() => {
    const world = new World(1)
    const node = world.node('a')
    return {
      transport: new SimTransport(node),
      at: addressOf(node, 0),
      nobody: addressOf(node, 1),
      until: holds => world.run(holds),
      settle: () => world.advance(1000),
      close: () => Promise.resolve(),
    }
  }),
)

describe('sim-transport', () => {
  it('connects in one round trip, with the address each side sees of the other', async () => {
    const world = new World(1)
    const [a, b] = [world.node('a', { latencyMs: 20 }), world.node('b', { latencyMs: 30 })]
    const accepted: PeerLink[] = []
    const listener = await new SimTransport(b).listen(at('0.0.0.0:6881'), link => accepted.push(link))
    const link = await world.until(new SimTransport(a).dial(addressOf(b, 6881), never))
    expect(world.timeline.now).to.equal(100)
    expect(link.remote).to.deep.equal(addressOf(b, 6881))
    expect(link.inbound).to.equal(false)
    expect(accepted[0]?.inbound).to.equal(true)
    expect(accepted[0]?.remote.ip).to.deep.equal(a.addresses[0])
    link.close()
    await listener.close()
    for (const one of accepted) one.open({ onData() {}, onWritable() {}, onClose() {} })
    await world.advance(200)
    expect([...a.inUse(), ...b.inUse()]).to.deep.equal([])
  })

  it('tells a refusal, an address that nobody has, a port in use, and giving up apart', async () => {
    const world = new World(2)
    const [a, b] = [world.node('a'), world.node('b')]
    const [from, to] = [new SimTransport(a), new SimTransport(b)]
    expect(await world.until(codeOf(from.dial(addressOf(b, 1), never)))).to.equal('ERR_TRANSPORT_REFUSED')
    expect(await world.until(codeOf(from.dial(at('9.9.9.9:1'), never)))).to.equal('ERR_TRANSPORT_UNREACHABLE')
    expect(await world.until(codeOf(from.dial(at('[2001:db8::1]:1'), never)))).to.equal('ERR_TRANSPORT_UNREACHABLE')
    const listener = await to.listen(at('[::]:5'), () => undefined)
    expect(await codeOf(to.listen(at('0.0.0.0:5'), () => undefined))).to.equal('ERR_TRANSPORT_LISTEN')
    const giveUp = new AbortController()
    a.host.clock.after(5, () => giveUp.abort())
    expect(await world.until(codeOf(from.dial(addressOf(b, 5), giveUp.signal)))).to.equal('ERR_TRANSPORT_ABORTED')
    await listener.close()
    await world.advance(100)
    expect(a.inUse()).to.deep.equal([])
  })

  it('closes a link that was given up while it was being made', async () => {
    const world = new World(3)
    const [a, b] = [world.node('a'), world.node('b')]
    let closed = 0
    await new SimTransport(b).listen(at('0.0.0.0:5'), link => {
      link.open({ onData() {}, onWritable() {}, onClose: () => closed++ })
    })
    const giveUp = new AbortController()
    a.host.clock.after(30, () => giveUp.abort())
    expect(await world.until(codeOf(new SimTransport(a).dial(addressOf(b, 5), giveUp.signal)))).to.equal(
      'ERR_TRANSPORT_ABORTED',
    )
    await world.advance(100)
    expect(closed).to.equal(1)
  })
})
