// One peer taken out of a block or out of a request: the endpoint that is looked for, put in or moved.
import { keyedHash } from './keyed-hash.js'
import { HEAD } from './layout.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'

export class PeerKey {
  /** Where the endpoint lies in the arena, in units of 16 bits; the rest of its last word is zero. */
  readonly unit: number
  private readonly i32: Int32Array
  private readonly u16: Uint16Array
  private readonly u8: Uint8Array
  private readonly units: number
  private readonly words: number
  private readonly siteWords: number

  constructor(
    arena: Arena,
    layout: Layout,
    private readonly word: number,
    private readonly k0: number,
    private readonly k1: number,
  ) {
    this.i32 = arena.i32
    this.u16 = arena.u16
    this.u8 = arena.u8
    this.unit = word * 2
    this.units = layout.peerUnits
    this.words = layout.peerWords
    this.siteWords = layout.siteWords
  }

  read(ip: Uint8Array, port: number): void {
    const at = this.word * 4
    const { length } = ip
    for (let i = 0; i < length; i++) this.u8[at + i] = ip[i]!
    this.u8[at + length] = port >>> 8
    this.u8[at + length + 1] = port
  }

  /** Takes peer `p` of a block. */
  take(block: number, p: number): void {
    const from = 2 * (block + HEAD) + p * this.units
    for (let i = 0; i < this.units; i++) this.u16[this.unit + i] = this.u16[from + i]!
  }

  /** Of address and port: the peer's place in an index. */
  hash(): number {
    return keyedHash(this.k0, this.k1, this.i32, this.word, this.words)
  }

  /** Of the address alone (of an IPv6 address the /64): which block of a large swarm the peer lies in. */
  siteHash(): number {
    return keyedHash(this.k1, this.k0, this.i32, this.word, this.siteWords)
  }
}
