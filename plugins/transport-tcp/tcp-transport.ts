// Dialling and accepting. Links read nothing until they are opened.
import { connect, createServer } from 'node:net'
import { endpointOf, formatIp, parseIp } from '../../core/base/address.js'
import { readInto } from './accepted-socket.js'
import { dialFault, listenFault, transportErrors } from './errors.js'
import { SendWindow } from './send-window.js'
import { TcpLink } from './tcp-link.js'
import { TurnEnd } from './turn-end.js'
import type { Server, Socket } from 'node:net'
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type { Logger } from '../../core/base/log.js'
import type { PeerLink, PeerListener, PeerTransport } from '../../core/contracts/peer-transport.js'

export interface TcpOptions {
  readonly sendBufferKiB: number
  readonly readBufferKiB: number
  readonly backlog: number
}

/** A machine that is out of descriptors refuses every connection; one line a minute says so. */
const COMPLAIN_MS = 60_000

export class TcpTransport implements PeerTransport {
  private readonly links = new Set<TcpLink>()
  private readonly servers = new Set<Server>()
  /** Gives up one that is being dialled. */
  private readonly dialling = new Set<() => void>()
  private closed = false
  private readonly turn = new TurnEnd()
  /** Every dialled socket reads into this: a chunk is handed over before the next read. */
  private readonly reading: Uint8Array
  private readonly window: SendWindow
  private complained = -Infinity

  constructor(
    private readonly options: TcpOptions,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly readsInto: typeof readInto = readInto,
  ) {
    this.reading = new Uint8Array(options.readBufferKiB * 1024)
    this.window = new SendWindow(options.sendBufferKiB * 1024)
  }

  dial(to: Endpoint, signal: AbortSignal): Promise<PeerLink> {
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        this.dialling.delete(aborted)
        signal.removeEventListener('abort', aborted)
      }
      const aborted = (): void => {
        ended()
        socket?.destroy()
        reject(transportErrors.make('ERR_TRANSPORT_ABORTED', `gave up dialling ${formatIp(to.ip)}:${to.port}`))
      }
      let socket: Socket | null = null
      if (signal.aborted || this.closed) return aborted()
      let link: TcpLink | null = null
      const { reading } = this
      const callback = (length: number): boolean => link !== null && link.receive(this.chunk(length))
      const options = { host: formatIp(to.ip), port: to.port, noDelay: true, onread: { buffer: reading, callback } }
      const dialled = (socket = connect(options))
      dialled.pause()
      this.dialling.add(aborted)
      signal.addEventListener('abort', aborted, { once: true })
      const failed = (error: Error): void => {
        ended()
        reject(dialFault(to, error))
      }
      dialled.once('error', failed)
      dialled.once('connect', () => {
        ended()
        dialled.off('error', failed)
        resolve((link = this.keep(new TcpLink(dialled, to, false, this.window, this.turn), dialled)))
      })
    })
  }

  async listen(at: Endpoint, accept: (link: PeerLink) => void): Promise<PeerListener> {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, socket => {
      const { remoteAddress, remotePort } = socket
      const ip = parseIp(remoteAddress?.split('%')[0] ?? '')
      // Reset before it was accepted: nobody can say who it was.
      if (ip === null || remotePort === undefined) return void socket.on('error', () => undefined).destroy()
      const link = this.adopt(socket, endpointOf(ip, remotePort))
      accept(link)
    })
    await bound(server, at, this.options.backlog)
    this.servers.add(server)
    server.on('error', error => this.complain(error))
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : at.port
    return {
      local: { family: at.family, ip: at.ip, port },
      // Its own callback would wait for the links.
      close: () => Promise.resolve(this.stopAccepting(server)),
    }
  }

  /** Ends everything that is still open or on its way. */
  close(): void {
    this.closed = true
    for (const giveUp of this.dialling) giveUp()
    for (const server of this.servers) this.stopAccepting(server)
    for (const link of this.links) link.close()
  }

  private adopt(accepted: Socket, remote: Endpoint): TcpLink {
    let link: TcpLink | null = null
    const socket = this.readsInto(accepted, this.reading, length => link !== null && link.receive(this.chunk(length)))
    link = new TcpLink(socket ?? accepted, remote, true, this.window, this.turn)
    const made = link
    if (socket === null) accepted.on('data', chunk => made.receive(chunk)).pause()
    return this.keep(link, socket ?? accepted)
  }

  private keep(link: TcpLink, socket: Socket): TcpLink {
    this.links.add(link)
    socket.once('close', () => this.links.delete(link))
    return link
  }

  private chunk(length: number): Uint8Array {
    return length === this.reading.length ? this.reading : this.reading.subarray(0, length)
  }

  private stopAccepting(server: Server): void {
    if (this.servers.delete(server)) server.close()
  }

  private complain(error: Error): void {
    const now = this.clock.now()
    if (now - this.complained < COMPLAIN_MS) return
    this.complained = now
    this.log.warn('peers cannot be accepted; raise the limit on open files, or lower the limits on peers', {
      error: error.message,
    })
  }
}

function bound(server: Server, at: Endpoint, backlog: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(listenFault(at, error))
    server.once('error', failed)
    server.listen({ host: formatIp(at.ip), port: at.port, exclusive: true, backlog }, () => {
      server.off('error', failed)
      resolve()
    })
  })
}
