// Peers named by the operator: offered again and again, so that one which is not there yet is found when it comes.
import type { Clock, Timer } from '../../core/base/clock.js'
import { endpointOf, splitHostPort, type Endpoint } from '../../core/base/address.js'
import { messageOf } from '../../core/base/errors.js'
import type { Logger } from '../../core/base/log.js'
import type { Names } from '../../core/contracts/host.js'
import type {
  DiscoveryHandle,
  DiscoveryListener,
  PeerDiscovery,
  Progress,
  TorrentIdentity,
} from '../../core/contracts/peer-discovery.js'

/** Waits between offers; the last one repeats. Dialling, and not dialling who is connected, is the listener's part. */
const WAITS_MS = [1000, 2000, 5000, 10_000, 30_000]

export class StaticDiscovery implements PeerDiscovery {
  readonly origin = 'static'

  constructor(
    private readonly peers: readonly string[],
    private readonly names: Names,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  watch(_torrent: TorrentIdentity, _progress: () => Progress, listener: DiscoveryListener): DiscoveryHandle {
    const offers = new Offers(this.clock, () => this.offer(listener, offers))
    offers.begin()
    return {
      event() {},
      refresh: () => offers.again(),
      stop: () => {
        offers.end()
        return Promise.resolve()
      },
    }
  }

  private async offer(listener: DiscoveryListener, offers: Offers): Promise<void> {
    const resolved = await Promise.all(this.peers.map(peer => this.resolve(peer)))
    const peers = resolved.flat()
    if (offers.open && peers.length > 0) listener.found(peers)
  }

  private async resolve(peer: string): Promise<Endpoint[]> {
    const { host, port } = splitHostPort(peer) ?? { host: '', port: 0 }
    try {
      return (await this.names.resolve(host, 0)).map(ip => endpointOf(ip, port))
    } catch (error) {
      this.log.debug('a named peer has no address now', { peer, error: messageOf(error) })
      return []
    }
  }
}

/** Runs `offer` at the waits above, each counted from the end of the one before. */
class Offers {
  private timer: Timer | null = null
  private dueAt = 0
  private rounds = 0
  private state: 'waiting' | 'offering' | 'over' = 'over'

  constructor(
    private readonly clock: Clock,
    private readonly offer: () => Promise<void>,
  ) {}

  get open(): boolean {
    return this.state !== 'over'
  }

  begin(): void {
    this.wait(0)
  }

  again(): void {
    if (this.state !== 'waiting') return
    this.rounds = 0
    const soon = WAITS_MS[0]!
    // An offer that comes sooner anyway is not put off.
    if (this.dueAt - this.clock.now() <= soon) return
    this.timer?.cancel()
    this.wait(soon)
  }

  end(): void {
    this.state = 'over'
    this.timer?.cancel()
  }

  private wait(ms: number): void {
    this.state = 'waiting'
    this.dueAt = this.clock.now() + ms
    this.timer = this.clock.after(ms, () => {
      this.state = 'offering'
      const next = WAITS_MS[Math.min(this.rounds++, WAITS_MS.length - 1)]!
      void this.offer().finally(() => {
        if (this.state === 'offering') this.wait(next)
      })
    })
  }
}
