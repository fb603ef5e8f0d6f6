// Seeded mutation of good inputs. Every case can be had again: the seed and the number of the case are in its title.
import { createRandom, type Random } from '../../core/base/random.js'

/** Cases a target gets; FUZZ_CASES=100000 for a long run, FUZZ_SEED for another one. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 3000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
/** No input of a few KiB may take longer, whatever it holds; a loaded machine gets some room. */
const SLOWEST_MS = 1000

const tokens = [
  'd',
  'l',
  'e',
  'i',
  '0:',
  'i-1e',
  'i0e',
  'i9223372036854775808e',
  '4294967295:',
  '-1:',
  '%',
  '%zz',
  '&',
  '=',
  '..',
]
const words = tokens.map(text => new Uint8Array(Buffer.from(text)))
const edges = [0, 1, 2, 4, 5, 6, 7, 13, 16, 20, 0x7f, 0x80, 0xfe, 0xff]

/** Runs `check` over mutations of the corpus; what it throws is reported with the input. */
export function fuzz(corpus: readonly Uint8Array[], check: (input: Uint8Array, random: Random) => void): void {
  const random = createRandom(SEED)
  for (let i = 0; i < CASES; i++) {
    const input = mutated(corpus, random)
    const start = process.hrtime.bigint()
    try {
      check(input, random)
    } catch (error) {
      throw new Error(`seed ${SEED}, case ${i}, input ${Buffer.from(input).toString('hex').slice(0, 4000)}`, {
        cause: error,
      })
    }
    const tookMs = Number(process.hrtime.bigint() - start) / 1e6
    if (tookMs > SLOWEST_MS) throw new Error(`seed ${SEED}, case ${i} took ${tookMs} ms`)
  }
}

function mutated(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = (): Uint8Array => corpus[random.below(corpus.length)] ?? new Uint8Array(0)
  let bytes = [...pick()]
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(bytes.length + 1)
    const length = random.below(1 + random.below(24))
    switch (random.below(8)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
        break
      case 1:
        bytes[at] = edges[random.below(edges.length)] ?? 0
        break
      case 2:
        bytes.splice(at, length)
        break
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + length))
        break
      case 4:
        bytes.splice(at, 0, ...(words[random.below(words.length)] ?? []))
        break
      case 5:
        bytes.length = at
        break
      case 6:
        bytes.splice(at, 4, ...(random.below(2) === 0 ? [255, 255, 255, 255] : [0, 0, 0, random.below(32)]))
        break
      default: {
        const other = pick()
        const from = random.below(other.length + 1)
        bytes = [...bytes.slice(0, at), ...other.subarray(from)]
      }
    }
  }
  return Uint8Array.from(bytes)
}
