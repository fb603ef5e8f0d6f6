// Where peers come in: listeners, and links whose handshake has not said yet which torrent they want.
import { endpointOf, parseIp, splitHostPort, type Endpoint } from '../../core/base/address.js'
import { NodeError } from '../../core/base/errors.js'
import type { Names } from '../../core/contracts/host.js'
import type { PeerLink, PeerListener, PeerTransport } from '../../core/contracts/peer-transport.js'
import { CloseReason } from '../../core/torrent/close-reason.js'
import { PeerSession } from '../../core/torrent/peer-session.js'
import type { FindSwarm } from '../../core/torrent/swarm.js'
import { clientErrors } from './errors.js'

/** Links that may wait for their handshake; beyond that the oldest makes room, so that idlers keep nobody out. */
const MOST_GREETING = 512

export interface DoorParts {
  readonly transport: PeerTransport
  readonly names: Names | undefined
  readonly find: FindSwarm
  /** Links of the whole node. */
  readonly links: () => number
  readonly maxLinks: number
  readonly now: () => number
  readonly ended: (session: PeerSession, reason: CloseReason) => void
}

export class PeerDoor {
  private readonly listeners: PeerListener[] = []
  private readonly greeting = new Set<PeerSession>()

  constructor(private readonly parts: DoorParts) {}

  get local(): readonly Endpoint[] {
    return this.listeners.map(listener => listener.local)
  }

  /** Tries the port, and `morePorts` after it when it is in use. */
  async listen(at: string, morePorts: number): Promise<void> {
    const split = splitHostPort(at)
    if (split === null) throw clientErrors.make('ERR_CLIENT_LISTEN', `client.listen: "${at}" is not HOST:PORT`)
    const ip = parseIp(split.host) ?? (await this.parts.names?.resolve(split.host, 0))?.[0]
    if (ip === undefined) throw clientErrors.make('ERR_CLIENT_LISTEN', `client.listen: ${split.host} has no address`)
    for (let port = split.port; ; port++) {
      try {
        this.listeners.push(await this.parts.transport.listen(endpointOf(ip, port), link => this.accept(link)))
        return
      } catch (error) {
        if (port >= split.port + morePorts || port === 0 || port === 65535) throw named(error, at)
      }
    }
  }

  /** Links without a handshake yet. */
  get waiting(): number {
    return this.greeting.size
  }

  tick(now: number): void {
    for (const session of this.greeting) {
      if (session.running) this.greeting.delete(session)
      else session.tick(now)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.listeners.map(listener => listener.close()))
    for (const session of this.greeting) session.close(CloseReason.Ours)
  }

  private accept(link: PeerLink): void {
    const session = new PeerSession(
      link,
      null,
      this.parts.find,
      (ended, reason) => {
        this.greeting.delete(ended)
        this.parts.ended(ended, reason)
      },
      this.parts.now(),
    )
    session.begin()
    if (this.parts.links() >= this.parts.maxLinks) return session.close(CloseReason.Full)
    if (this.greeting.size >= MOST_GREETING) this.makeRoom()
    this.greeting.add(session)
  }

  private makeRoom(): void {
    for (const session of this.greeting) {
      this.greeting.delete(session)
      if (session.running) continue
      session.close(CloseReason.HandshakeTimeout)
      return
    }
  }
}

function named(error: unknown, at: string): unknown {
  if (!NodeError.is(error)) return error
  return new NodeError(error.code, error.blame, `${error.message} (option client.listen is "${at}")`, {
    cause: error,
    details: { ...error.details, option: 'client.listen' },
  })
}
