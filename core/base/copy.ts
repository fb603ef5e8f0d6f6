// Copying bytes into shared memory, fast. `Uint8Array.set` copies byte by byte there unless source and target lie alike
// to a word: 6 us for 16 KiB, and what comes from a socket never does. `Buffer.fill` with bytes for a pattern is one
// memcpy in every Node: 0.2 us.

/** Below this, a loop is cheaper than making a view. */
const LOOP = 48

/** Copies from[at..at + count) to to[offset..]. Both must be that long. */
export function copyBytes(from: Uint8Array, at: number, count: number, to: Uint8Array, offset: number): void {
  if (count < LOOP) for (let i = 0; i < count; i++) to[offset + i] = from[at + i]!
  else fill.call(to, from.subarray(at, at + count), offset, offset + count)
}

/** Asks nothing of a Buffer that a Uint8Array has not. */
const fill: (this: Uint8Array, pattern: Uint8Array, from: number, to: number) => unknown = Buffer.alloc(0).fill
