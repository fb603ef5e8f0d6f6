// Dialling and listening: one round trip to connect, a refusal where nobody listens for peers, and no answer but an
// error after the same time where nobody has the address.
import { formatEndpoint } from '../../core/base/address.js'
import type { Endpoint } from '../../core/base/address.js'
import { NodeError } from '../../core/base/errors.js'
import type { PeerLink, PeerListener, PeerTransport } from '../../core/contracts/peer-transport.js'
import { SimLink } from '../../core/sim/links.js'
import type { SimNode } from '../../core/sim/node.js'
import { errors } from './errors.js'

export class SimTransport implements PeerTransport {
  constructor(private readonly node: SimNode) {}

  dial(to: Endpoint, signal: AbortSignal): Promise<PeerLink> {
    return new Promise((resolve, reject) => {
      const letGo = this.node.hold(`dialling ${formatEndpoint(to)}`)
      const aborted = (): void => {
        letGo()
        reject(errors.make('ERR_TRANSPORT_ABORTED', `gave up dialling ${formatEndpoint(to)}`, { cause: signal.reason }))
      }
      if (signal.aborted) return aborted()
      const settle = (outcome: SimLink | NodeError): void => {
        letGo()
        signal.removeEventListener('abort', aborted)
        if (NodeError.is(outcome)) reject(outcome)
        else if (signal.aborted) outcome.close()
        else resolve(outcome)
      }
      signal.addEventListener('abort', aborted, { once: true })
      this.connect(to, settle)
    })
  }

  listen(at: Endpoint, accept: (link: PeerLink) => void): Promise<PeerListener> {
    const binding = this.node.streams.bind(at, { accept })
    if (typeof binding === 'string') {
      return Promise.reject(errors.make('ERR_TRANSPORT_LISTEN', binding, { details: { address: formatEndpoint(at) } }))
    }
    this.node.note(`listens for peers on ${formatEndpoint(binding.local)}`)
    return Promise.resolve({
      local: binding.local,
      close: () => Promise.resolve(binding.release()),
    })
  }

  private connect(to: Endpoint, settle: (outcome: SimLink | NodeError) => void): void {
    const { node } = this
    const other = node.world.network.owner(to.ip, node)
    const from = node.source(to, node.streams.ephemeral())
    if (other === undefined || from === null) {
      const text = `${formatEndpoint(to)} cannot be reached`
      node.later(2 * node.latencyMs, () => settle(errors.make('ERR_TRANSPORT_UNREACHABLE', text)))
      return
    }
    const arrived = (): void => {
      const accept = other.streams.find(to)?.service.accept
      if (accept === undefined) {
        const text = `${formatEndpoint(to)} refused the connection`
        other.carry(node, 0, { arrived: () => settle(errors.make('ERR_TRANSPORT_REFUSED', text)) })
        return
      }
      const [near, far] = SimLink.pair(node, other, from, to)
      other.carry(node, 0, { arrived: () => settle(near) })
      accept(far)
    }
    node.carry(other, 0, { arrived })
  }
}
