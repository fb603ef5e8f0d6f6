// Opens links to peers, for all torrents of the node: few at once, each with a deadline.
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type { PeerLink, PeerTransport } from '../../core/contracts/peer-transport.js'

const DEADLINE_MS = 15_000

/** Who wants peers. */
export interface DialClient {
  /** The endpoint to dial next, or null: enough for now. */
  nextToDial(now: number): Endpoint | null
  dialled(link: PeerLink): void
  unreachable(endpoint: Endpoint): void
}

export class Dialer {
  private readonly pending = new Set<AbortController>()
  private closed = false

  constructor(
    private readonly transport: PeerTransport,
    private readonly clock: Clock,
    private readonly most: number,
    /** How many links more the node may have, those being opened aside. */
    private readonly room: () => number,
  ) {}

  get halfOpen(): number {
    return this.pending.size
  }

  /** Dials for the clients in turn until nobody wants more or enough are half open. */
  run(clients: Iterable<DialClient>): void {
    const wanting = new Set(clients)
    const most = Math.min(this.most, this.room())
    while (wanting.size > 0 && this.pending.size < most && !this.closed) {
      for (const client of wanting) {
        const endpoint = this.pending.size < most ? client.nextToDial(this.clock.now()) : null
        if (endpoint === null) wanting.delete(client)
        else void this.dial(client, endpoint)
      }
    }
  }

  close(): void {
    this.closed = true
    for (const dial of this.pending) dial.abort()
  }

  private async dial(client: DialClient, endpoint: Endpoint): Promise<void> {
    const dial = new AbortController()
    const deadline = this.clock.after(DEADLINE_MS, () => dial.abort())
    this.pending.add(dial)
    try {
      const link = await this.transport.dial(endpoint, dial.signal)
      client.dialled(link)
    } catch {
      client.unreachable(endpoint)
    } finally {
      deadline.cancel()
      this.pending.delete(dial)
    }
  }
}
