// Sockets made past Node, on the main thread: the process owns them, whichever thread reads. Several for one address
// share what comes in, by sender.
import { endpointOf, type Endpoint } from '../../core/base/address.js'
import { readU16, writeU16 } from '../../core/base/bytes.js'
import { SOCKADDR_IN, SOCKADDR_IN6, TIMEVAL } from './struct-layouts.js'
import type { SystemCalls } from './system-calls.js'

const AF_INET = 2
const AF_INET6 = 10
const SOL_SOCKET = 1
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const SO_RCVTIMEO = 20
const SO_SNDTIMEO = 21
const SO_RCVBUFFORCE = 33
const SO_MEMINFO = 55
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

const MEMINFO_WORDS = 9
const MEMINFO_DROPS = 8

/** How long a call may keep a thread from seeing that it is to stop. */
export const WAIT_MS = 100

/**
 * So many sockets on one address. Only the first is bound before it shares, so that a port which somebody else has is
 * refused, also when he shares it.
 */
export function openSockets(calls: SystemCalls, at: Endpoint, count: number, bufferBytes: number): UdpSocket[] {
  const sockets: UdpSocket[] = []
  try {
    for (let i = 0; i < count; i++) {
      const [first] = sockets
      if (i === 1) first?.share()
      sockets.push(new UdpSocket(calls, first?.local ?? at, bufferBytes, { shares: i > 0 }))
    }
    return sockets
  } catch (error) {
    for (const socket of sockets) socket.close()
    throw error
  }
}

export class UdpSocket {
  readonly fd: number
  readonly family: 4 | 6
  readonly local: Endpoint
  private readonly facts = new Uint32Array(MEMINFO_WORDS)
  private open = true

  /** Throws an error with the system's code. */
  constructor(
    private readonly calls: SystemCalls,
    at: Endpoint,
    bufferBytes: number,
    { shares = false }: { readonly shares?: boolean } = {},
  ) {
    this.family = at.family
    this.fd = calls.socket(at.family === 4 ? AF_INET : AF_INET6)
    try {
      if (at.family === 6) calls.setOption(this.fd, IPPROTO_IPV6, IPV6_V6ONLY, word(0))
      calls.setOption(this.fd, SOL_SOCKET, SO_RCVTIMEO, timeval(WAIT_MS))
      calls.setOption(this.fd, SOL_SOCKET, SO_SNDTIMEO, timeval(WAIT_MS))
      this.sizeBuffers(bufferBytes)
      if (shares) this.share()
      calls.bind(this.fd, socketName(at, at.family))
      const name = socketName(at, at.family)
      calls.localName(this.fd, name)
      this.local = endpointOf(at.ip, readU16(name, SOCKADDR_IN.port))
    } catch (error) {
      calls.close(this.fd)
      throw error
    }
  }

  /** From now on others that share may have the same port. */
  share(): void {
    this.calls.setOption(this.fd, SOL_SOCKET, SO_REUSEPORT, word(1))
  }

  /** Fire and forget. */
  send(bytes: Uint8Array, to: Endpoint): void {
    if (!this.open || to.port === 0 || (this.family === 4 && to.family === 6)) return
    this.calls.sendTo(this.fd, bytes, socketName(to, this.family))
  }

  /** Datagrams that found no room because they were not read in time; null once closed, and where the system does not say. */
  dropped(): number | null {
    if (!this.open) return null
    try {
      this.calls.getOption(this.fd, SOL_SOCKET, SO_MEMINFO, this.facts)
    } catch {
      return null
    }
    return this.facts[MEMINFO_DROPS] ?? null
  }

  /** Only when no thread uses it any more: its number may be another file's at once. */
  close(): void {
    if (!this.open) return
    this.open = false
    this.calls.close(this.fd)
  }

  private sizeBuffers(bytes: number): void {
    this.calls.setOption(this.fd, SOL_SOCKET, SO_SNDBUF, word(bytes))
    try {
      this.calls.setOption(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, word(bytes))
    } catch {
      // Without the privilege the system grants as much as net.core.rmem_max allows.
      this.calls.setOption(this.fd, SOL_SOCKET, SO_RCVBUF, word(bytes))
    }
  }
}

/** A sockaddr for a socket of the family; an IPv6 socket knows IPv4 addresses as mapped ones. */
function socketName({ family, ip, port }: Endpoint, socket: 4 | 6): Uint8Array {
  const name = new Uint8Array(socket === 4 ? SOCKADDR_IN.size : SOCKADDR_IN6.size)
  name[SOCKADDR_IN.family] = socket === 4 ? AF_INET : AF_INET6
  writeU16(name, SOCKADDR_IN.port, port)
  if (socket === 4) name.set(ip, SOCKADDR_IN.address)
  else if (family === 6) name.set(ip, SOCKADDR_IN6.address)
  else {
    name.fill(0xff, SOCKADDR_IN6.address + 10, SOCKADDR_IN6.address + 12)
    name.set(ip, SOCKADDR_IN6.address + 12)
  }
  return name
}

function word(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}

function timeval(ms: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(TIMEVAL.size))
  bytes.setBigInt64(TIMEVAL.seconds, BigInt(Math.floor(ms / 1000)), true)
  bytes.setBigInt64(TIMEVAL.micros, BigInt((ms % 1000) * 1000), true)
  return new Uint8Array(bytes.buffer)
}
