// Datagrams in a world: they take their time, may be lost, and reach whoever is bound where they arrive.
import { formatEndpoint, isUnspecified, packEndpoint, unpackEndpoint } from '../../core/base/address.js'
import type { Endpoint } from '../../core/base/address.js'
import { NO_REPLY, REPLY_LATER } from '../../core/contracts/host.js'
import type { Answering, DatagramNet, DatagramSocket } from '../../core/contracts/host.js'
import { mark } from '../../core/sim/event-log.js'
import type { DatagramService, SimNode } from '../../core/sim/node.js'
import { errors } from './errors.js'

const REPLY_BYTES = 2048
const LARGEST = 65507
/** What is left in a packet after its receiver has seen it: bytes are valid only during the call. */
const SPOILT = 0xdb

export class SimDatagrams implements DatagramNet {
  constructor(private readonly machine: SimNode) {}

  bind(at: Endpoint, onPacket: DatagramService): Promise<DatagramSocket> {
    const passed = { received: 0, sent: 0, dropped: null }
    const binding = this.machine.datagrams.bind(at, (bytes, from) => {
      passed.received++
      onPacket(bytes, from)
    })
    if (typeof binding === 'string') {
      return Promise.reject(errors.make('ERR_DATAGRAM_BIND', binding, { details: { address: formatEndpoint(at) } }))
    }
    const { local } = binding
    let open = true
    return Promise.resolve({
      local,
      traffic: () => [{ ...passed }],
      send: (bytes, to) => {
        if (!open) return
        passed.sent++
        this.send(local, bytes, to)
      },
      close: () => {
        open = false
        binding.release()
        return Promise.resolve()
      },
    })
  }

  async serve(at: Endpoint, { make }: Answering): Promise<DatagramSocket> {
    const packed = new Uint8Array(18)
    const reply = new Uint8Array(REPLY_BYTES)
    const socket = await this.bind(at, (bytes, from) => {
      packEndpoint(from, packed)
      const length = answerer.answer(bytes, bytes.length, packed, this.machine.host.clock.now(), reply)
      if (length !== NO_REPLY && length !== REPLY_LATER) socket.send(reply.subarray(0, length), from)
    })
    const answerer = make((bytes, to) => socket.send(bytes, unpackEndpoint(to)))
    return socket
  }

  private send(local: Endpoint, bytes: Uint8Array, to: Endpoint): void {
    const { machine } = this
    const { network } = machine.world
    const other = network.owner(to.ip, machine)
    const from = isUnspecified(local.ip) ? machine.source(to, local.port) : local
    if (other === undefined || from === null || from.family !== to.family || bytes.length > LARGEST) return
    const packet = bytes.slice()
    const about = `${bytes.length} bytes ${mark(packet)} to ${formatEndpoint(to)}`
    if (network.loses(machine, other)) return machine.note(`datagram of ${about} lost`)
    machine.note(`datagram of ${about}`)
    machine.carry(other, packet.length, {
      arrived: () => {
        const service = other.datagrams.find(to)?.service
        other.note(`datagram from ${formatEndpoint(from)} ${service === undefined ? 'finds nobody' : 'arrives'}`)
        service?.(packet, from)
        packet.fill(SPOILT)
      },
    })
  }
}
