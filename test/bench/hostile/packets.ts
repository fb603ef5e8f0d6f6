// What a tracker is sent that means it no good, packet by packet from a seed: with a right connection id, and without.
import { readU32, writeU16, writeU32 } from '../../../core/base/bytes.js'
import { createRandom } from '../../../core/base/random.js'
import { UdpAction } from '../../../core/protocol/tracker-udp.js'
import { writeUdpAnnounce, writeUdpConnect, writeUdpScrape } from '../../../core/protocol/tracker-udp-client.js'
import type { Random } from '../../../core/base/random.js'
import type { UdpConnectionId } from '../../../core/protocol/tracker-udp-client.js'

const none = new Uint8Array(0)
const MAGIC = { high: 0x417, low: 0x27101980 }
const ZERO = { high: 0, low: 0 }
/** What BEP 15 has for the address a client says it has. */
const CLAIMED_AT = 84
export const CLAIMED = 0x09090909

export class HostilePackets {
  /** The packet is bytes[0..length) for the length that `stranger` or `member` gave. */
  readonly bytes = new Uint8Array(4096)
  private readonly random: Random
  private readonly fields = {
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20),
    event: 0 as 0 | 1 | 2 | 3,
    left: 1,
    uploaded: 0,
    downloaded: 0,
    numWant: 50,
    key: 0,
    port: 1,
  }

  /** The swarm in which one address announces all of its ports. */
  private readonly crowded = new Uint8Array(20).fill(0x5a)

  constructor(seed: number) {
    this.random = createRandom(seed)
  }

  /** A packet of one who has no id of his own, but may have seen that of another address. */
  stranger(others: UdpConnectionId): number {
    const { random, bytes } = this
    switch (random.below(12)) {
      case 0:
        return writeUdpConnect(bytes, random.u32())
      case 1:
        // A connect request may be longer than it must.
        this.fill(16, 16 + random.below(1500))
        return Math.max(writeUdpConnect(bytes, random.u32()), 16 + random.below(1400))
      case 2:
        return this.announce(ZERO)
      case 3:
        return this.announce(MAGIC)
      case 4:
        return this.announce({ high: ~others.high >>> 0, low: ~others.low >>> 0 })
      case 5:
        return this.announce(others)
      case 6:
        // Right but for a bit, or in the second that it names.
        return this.announce({ high: (others.high ^ (1 << random.below(32))) >>> 0, low: others.low })
      case 7:
        return this.scrape({ high: random.u32(), low: random.u32() }, 1 + random.below(100))
      case 8:
        return random.below(this.announce(others))
      case 9:
        this.announce({ high: random.u32(), low: (others.low & 0xffff) >>> 0 })
        return 1501 + random.below(2000)
      case 10: {
        const length = this.announce(random.below(2) === 0 ? MAGIC : others)
        writeU32(bytes, 8, random.below(2) === 0 ? 3 + random.below(5) : random.u32() | 4)
        return length
      }
      default: {
        const length = random.below(1600)
        this.fill(0, length)
        return length
      }
    }
  }

  /** A packet under an id that is right. */
  member(id: UdpConnectionId): number {
    const { random, bytes } = this
    switch (random.below(12)) {
      case 0:
        return this.scrape(id, 1 + random.below(100))
      case 1: {
        const length = this.announce(id)
        writeU16(bytes, 96, 0)
        return length
      }
      case 2: {
        const length = this.announce(id)
        writeU32(bytes, 92, [0x7fffffff, 0x80000000, 0xffffffff, 100_000][random.below(4)] ?? 0)
        return length
      }
      case 3: {
        // Options of BEP 41 that are none: cut off, endless, or of kinds nobody knows.
        const from = this.announce(id)
        const to = from + random.below(1500 - from)
        this.fill(from, to)
        if (random.below(2) === 0) bytes[from] = 2
        return to
      }
      case 4: {
        const length = this.announce(id)
        bytes.set(this.crowded, 16)
        return length
      }
      case 5: {
        const length = this.announce(id)
        writeU32(bytes, 80, random.u32())
        return length
      }
      default:
        return this.announce(id)
    }
  }

  /** Of a swarm, a peer and a port that are made up, from an address that is claimed. */
  announce(id: UdpConnectionId): number {
    const { random, fields, bytes } = this
    random.fill(fields.infoHash)
    random.fill(fields.peerId)
    fields.event = [0, 0, 1, 2, 2, 3][random.below(6)] as 0 | 1 | 2 | 3
    fields.left = random.below(3)
    fields.numWant = random.below(300) - 1
    fields.port = 1 + random.below(65_535)
    const length = writeUdpAnnounce(bytes, id, random.u32(), fields, none)
    writeU32(bytes, CLAIMED_AT, CLAIMED)
    return length
  }

  private scrape(id: UdpConnectionId, count: number): number {
    const hashes = Array.from({ length: count }, () => this.crowded)
    writeUdpScrape(this.bytes, id, this.random.u32(), hashes)
    for (let at = 16; at < 16 + 20 * count; at += 20) writeU32(this.bytes, at, this.random.u32())
    return 16 + 20 * count
  }

  private fill(from: number, to: number): void {
    for (let at = from; at < to; at++) this.bytes[at] = this.random.u32()
  }
}

/** How an answer is wrong that a member got: null where it is not. */
export function wrongAnswer(answer: Uint8Array): string | null {
  if (answer.length > 1232) return `an answer of ${answer.length} bytes`
  if (answer.length < 8) return `an answer of ${answer.length} bytes`
  const action = readU32(answer, 0)
  if (action > UdpAction.Error) return `an answer of kind ${action}`
  if (action !== UdpAction.Announce) return null
  for (let at = 20; at + 4 <= answer.length; at++) {
    if (readU32(answer, at) === CLAIMED) return 'the address that was claimed stands in a list of peers'
  }
  return null
}
