// Whom to blame for a piece that failed. A sole sender is banned; where several sent, each is put on parole: it is then
// asked for whole pieces alone, and the next piece clears it or names it. So a liar is found and nobody honest is banned.
import { formatIp, isLoopback, type Endpoint } from '../base/address.js'
import { toHex } from '../base/bytes.js'
import type { PeerId } from '../protocol/ids.js'

/** Bans and identities kept; the oldest go first. */
const MOST_BANNED = 4096
const MOST_KNOWN = 4096

export interface Verdict {
  readonly ban: readonly number[]
  readonly parole: readonly number[]
}

export class Trust {
  private readonly banned = new Set<string>()
  private readonly identities = new Map<number, string>()

  /** Banned addresses stay banned over reconnects. Behind loopback everyone has one address, so there it is the peer id. */
  static address(remote: Endpoint, peerId: PeerId): string {
    return isLoopback(remote.ip) ? `id ${toHex(peerId)}` : formatIp(remote.ip)
  }

  joined(serial: number, address: string): void {
    this.identities.set(serial, address)
    dropOldest(this.identities, MOST_KNOWN)
  }

  isBanned(address: string): boolean {
    return this.banned.has(address)
  }

  get bannedCount(): number {
    return this.banned.size
  }

  /** A piece failed its hash; `senders` are serials, each once. Says who is to be closed and who goes on parole. */
  failed(senders: readonly number[]): Verdict {
    const sole = new Set(senders.map(serial => this.identities.get(serial))).size === 1
    if (!sole) return { ban: [], parole: senders }
    const address = this.identities.get(senders[0] ?? 0)
    if (address !== undefined) {
      this.banned.add(address)
      dropOldest(this.banned, MOST_BANNED)
    }
    return { ban: senders, parole: [] }
  }
}

function dropOldest<K>(
  from: { readonly size: number; keys(): Iterator<K>; delete(key: K): boolean },
  most: number,
): void {
  if (from.size <= most) return
  const oldest = from.keys().next()
  if (!oldest.done) from.delete(oldest.value)
}
