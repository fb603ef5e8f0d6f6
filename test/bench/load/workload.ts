// The torrents that load generators announce, and what they say of each peer.
import { writeU32 } from '../../../core/base/bytes.js'

/** Writes the nth info-hash: eight bytes that say n, and twelve zeros. */
export function writeHash(out: Uint8Array, at: number, n: number): void {
  writeU32(out, at, Math.imul(n, 2654435761))
  writeU32(out, at + 4, n)
  out.fill(0, at + 8, at + 20)
}

export function hashOf(n: number): Uint8Array {
  const hash = new Uint8Array(20)
  writeHash(hash, 0, n)
  return hash
}

/** Cheap numbers without a pattern that a tracker could feel: xorshift, 32 bits. */
export class Lots {
  private state: number

  constructor(seed: number) {
    this.state = Math.imul(seed, 2654435761) | 1
  }

  u32(): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (this.state = x) >>> 0
  }

  /** `end`: at most 2 ** 21. */
  below(end: number): number {
    return (this.u32() >>> 11) % end
  }
}
