// One peer taken out of a block or out of a request: the endpoint that is looked for, put in or moved. Of its opener
// alone, not in the shared memory.
import { tableHash } from '../../core/base/half-siphash.js'
import { HEAD } from './layout.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'

/** Which of two bytes is the lower half of a unit as this machine reads it from a block. */
const LOW = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1

export class PeerKey {
  /** The endpoint as it lies in a block, in units of 16 bits. */
  readonly units: Uint16Array
  private readonly u16: Uint16Array
  private readonly count: number
  /** The endpoint, and the part of its address that counts as one site, as they are hashed. */
  private readonly words: Int32Array
  private readonly site: Int32Array
  private readonly wordCount: number
  private readonly siteWords: number

  constructor(
    arena: Arena,
    layout: Layout,
    private readonly k0: number,
    private readonly k1: number,
  ) {
    this.u16 = arena.u16
    this.count = layout.peerUnits
    // The last word is filled in half: a unit more, always zero.
    this.units = new Uint16Array(this.count + 1)
    this.wordCount = layout.peerWords
    this.siteWords = layout.siteWords
    this.words = new Int32Array(this.wordCount)
    this.site = new Int32Array(this.siteWords)
  }

  read(ip: Uint8Array, port: number): void {
    const { units } = this
    const last = this.count - 1
    for (let i = 0; i < last; i++) units[i] = ip[2 * i + LOW]! | (ip[2 * i + 1 - LOW]! << 8)
    units[last] = LOW === 0 ? ((port & 0xff) << 8) | (port >>> 8) : port
  }

  /** Takes peer `p` of a block. */
  take(block: number, p: number): void {
    const { units, u16, count } = this
    const from = 2 * (block + HEAD) + p * count
    for (let i = 0; i < count; i++) units[i] = u16[from + i]!
  }

  /** Of address and port: the peer's place in an index. */
  hash(): number {
    const { units, words, wordCount } = this
    for (let i = 0; i < wordCount; i++) words[i] = units[2 * i]! | (units[2 * i + 1]! << 16)
    return tableHash(this.k0, this.k1, words, wordCount)
  }

  /** Of the address alone (of an IPv6 address the /64): which block of a large swarm the peer lies in. */
  siteHash(): number {
    const { units, site, siteWords } = this
    for (let i = 0; i < siteWords; i++) site[i] = units[2 * i]! | (units[2 * i + 1]! << 16)
    return tableHash(this.k1, this.k0, site, siteWords)
  }
}
