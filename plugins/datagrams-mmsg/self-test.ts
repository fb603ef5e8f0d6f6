// Whether this machine does what the plugin is made of: a few datagrams to ourselves and back, by the code that serves.
import os from 'node:os'
import { endpointOf, packEndpoint, parseIp, type Endpoint } from '../../core/base/address.js'
import { equalBytes } from '../../core/base/bytes.js'
import { messageOf, systemCode } from '../../core/base/errors.js'
import { silentLogger } from '../../core/base/log.js'
import { NO_REPLY, type Answerer } from '../../core/contracts/host.js'
import { AnswerLoop, Count, COUNTS } from './answer-loop.js'
import { UdpSocket } from './udp-socket.js'
import { SystemCalls, type LoadKoffi } from './system-calls.js'

export interface Machine {
  readonly platform: string
  readonly arch: string
  readonly load: LoadKoffi
}

const SIZES = [0, 1, 700, 1400]
const BUFFER_BYTES = 65_536
const SENDER = 18
const ABSENT = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/** The system calls where all is well, else why not, in words for an operator. */
export async function probe({ platform, arch, load }: Machine): Promise<SystemCalls | string> {
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch) || os.endianness() !== 'LE') {
    return `this is ${platform} on ${arch}, and not Linux on x64 or arm64`
  }
  try {
    const calls = await SystemCalls.open(load)
    const families = ['127.0.0.1', '::1'].filter(address => echoes(calls, loopback(address)))
    return families.length > 0 ? calls : 'there is no loopback address to try it on'
  } catch (error) {
    return messageOf(error)
  }
}

/** False: the machine has no such address. Throws where it has, and answers do not come back as they should. */
function echoes(calls: SystemCalls, at: Endpoint): boolean {
  const sockets: UdpSocket[] = []
  try {
    for (let i = 0; i < 2; i++) sockets.push(new UdpSocket(calls, at, BUFFER_BYTES))
    const [server, client] = sockets
    if (server !== undefined && client !== undefined) exchange(calls, server, client)
    return true
  } catch (error) {
    if (ABSENT.has(systemCode(error))) return false
    throw error
  } finally {
    for (const socket of sockets) socket.close()
  }
}

function exchange(calls: SystemCalls, server: UdpSocket, client: UdpSocket): void {
  const [asker, asked] = [packed(client.local), packed(server.local)]
  const heard = new Set<number>()
  let now = 0
  const echo: Answerer = {
    answer(packet, length, from, _now, reply) {
      reply.set(from)
      reply.set(packet.subarray(0, length), SENDER)
      return SENDER + length
    },
  }
  const ear: Answerer = {
    answer(packet, length, from) {
      const size = length - SENDER
      const right = packet.subarray(SENDER, length).every((byte, i) => byte === (size + i) % 251)
      if (right && equalBytes(from, asked) && equalBytes(packet.subarray(0, SENDER), asker)) heard.add(size)
      return NO_REPLY
    },
  }
  for (const size of SIZES)
    client.send(
      Uint8Array.from({ length: size }, (_, i) => (size + i) % 251),
      server.local,
    )
  for (const [socket, answerer] of [
    [server, echo],
    [client, ear],
  ] as const) {
    const counts = new Float64Array(COUNTS)
    const { fd, family } = socket
    const loop = new AnswerLoop(
      { calls, fd, family, answerer, counts, look: () => ++now, log: silentLogger },
      SIZES.length,
    )
    // A turn that brings nothing has waited in vain.
    for (let before = -1; counts[Count.Received]! > before;) {
      before = counts[Count.Received]!
      if (before < SIZES.length) loop.turn()
    }
  }
  if (!SIZES.every(size => heard.has(size))) {
    throw new Error(`datagrams to ourselves over IPv${server.family} do not come back as they were sent`)
  }
}

function loopback(address: string): Endpoint {
  return endpointOf(parseIp(address) ?? new Uint8Array(4), 0)
}

function packed(at: Endpoint): Uint8Array {
  const bytes = new Uint8Array(SENDER)
  packEndpoint(at, bytes)
  return bytes
}
