// Two kinds of randomness. Random is fast, repeatable and therefore predictable: ties, shuffles, jitter. Entropy is
// unpredictable in production: peer ids, transaction ids, keys.
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  u32(): number
  /** A whole number from 0 to n - 1, without bias; n from 1 to 2^32. */
  below(n: number): number
  fill(out: Uint8Array): void
  /** An independent stream that depends on this one's seed and the label, not on how much was drawn. */
  fork(label: string): Random
}

export interface Entropy {
  fill(out: Uint8Array): void
}

/** A repeatable stream from a seed. */
export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(scatter(seed))
  // Of four words of state the seed fills two: the first draws would be alike for all seeds.
  for (let i = 0; i < 8; i++) generator.next()
  const below = (n: number): number => uniformInt(generator, 0, n - 1)
  return {
    u32: () => generator.next() >>> 0,
    below,
    fill(out) {
      for (let i = 0; i < out.length; i++) out[i] = generator.next() >>> 8
    },
    fork: label => createRandom(hashLabel(seed, label)),
  }
}

/** Puts the items in a random order, in place (Fisher-Yates). */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const held = items[i] as T
    items[i] = items[j] as T
    items[j] = held
  }
  return items
}

// FNV-1a over the label, begun with the seed: forks of one seed must differ, nothing more.
function hashLabel(seed: number, label: string): number {
  let h = 0x811c9dc5 ^ seed
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193)
  return h
}

/** One to one on 32 bits; numbers that are close come far apart. */
function scatter(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
