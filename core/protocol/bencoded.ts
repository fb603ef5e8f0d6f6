// A bencoded value that the scan has passed, read where it lies. Values are named by the number of their token: 0 is the
// whole. Because nothing is built, keys that are no text and the exact bytes of a value are there to be had.
import { latin1 } from '../base/bytes.js'

const COLON = 0x3a
const CHAR_D = 0x64
const CHAR_E = 0x65
const CHAR_I = 0x69
const CHAR_L = 0x6c

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** No such value. All readers take it and answer as for a value of another kind. */
export const ABSENT = -1

export class Bencoded {
  /** Made by the scan alone. `starts` has one entry more than there are tokens: where the value ends. */
  constructor(
    readonly bytes: Uint8Array,
    private readonly starts: Uint32Array,
    private readonly nexts: Uint32Array,
    /** Keys in order, no leading zeros: what strict encoders write. */
    readonly canonical: boolean,
  ) {}

  /** Tokens: values, keys, and ends. */
  get count(): number {
    return this.starts.length - 1
  }

  isDictionary(node: number): boolean {
    return this.kind(node) === CHAR_D
  }

  isList(node: number): boolean {
    return this.kind(node) === CHAR_L
  }

  isInteger(node: number): boolean {
    return this.kind(node) === CHAR_I
  }

  isString(node: number): boolean {
    const kind = this.kind(node)
    return kind >= 0x30 && kind <= 0x39
  }

  /** The value of a key, ABSENT where `node` is no dictionary or has it not. The key is ASCII. */
  get(node: number, key: string): number {
    if (!this.isDictionary(node)) return ABSENT
    for (let at = this.first(node); at !== ABSENT; at = this.after(this.valueOf(at))) {
      if (this.textIs(at, key)) return this.valueOf(at)
    }
    return ABSENT
  }

  /** The first item of a list or key of a dictionary; ABSENT where it is empty, or is neither. */
  first(node: number): number {
    const kind = this.kind(node)
    return (kind === CHAR_D || kind === CHAR_L) && this.kind(node + 1) !== CHAR_E ? node + 1 : ABSENT
  }

  /** What stands behind a value in the same list or dictionary. */
  after(node: number): number {
    const next = this.nexts[node] ?? this.count
    return next === this.count || this.kind(next) === CHAR_E ? ABSENT : next
  }

  /** The value of the key at `key`. */
  valueOf(key: number): number {
    return key + 1
  }

  /** The bytes of a string, not copied; null for another kind. */
  string(node: number): Uint8Array | null {
    if (!this.isString(node)) return null
    return this.bytes.subarray(this.contentOf(node), this.endOf(node))
  }

  /** A string as text; what is no UTF-8 comes as U+FFFD. null for another kind. */
  text(node: number): string | null {
    const bytes = this.string(node)
    return bytes === null ? null : utf8.decode(bytes)
  }

  /** An integer that a number holds exactly; null for another kind, and beyond 2^53. */
  integer(node: number): number | null {
    if (!this.isInteger(node)) return null
    const value = Number(latin1(this.bytes, this.startOf(node) + 1, this.endOf(node) - 1))
    return Number.isSafeInteger(value) ? value + 0 : null
  }

  bigint(node: number): bigint | null {
    if (!this.isInteger(node)) return null
    return BigInt(latin1(this.bytes, this.startOf(node) + 1, this.endOf(node) - 1))
  }

  /** The value exactly as it came, with its framing; not copied. Empty where absent. */
  raw(node: number): Uint8Array {
    return node < 0 ? new Uint8Array(0) : this.bytes.subarray(this.startOf(node), this.endOf(node))
  }

  /** For values whose keys are out of order: there equal keys need not be neighbours. */
  hasEqualKeys(): boolean {
    const seen = new Set<string>()
    for (let node = 0; node < this.count; node++) {
      if (!this.isDictionary(node)) continue
      seen.clear()
      for (let at = this.first(node); at !== ABSENT; at = this.after(this.valueOf(at))) {
        const key = latin1(this.bytes, this.contentOf(at), this.endOf(at))
        if (seen.has(key)) return true
        seen.add(key)
      }
    }
    return false
  }

  private kind(node: number): number {
    return node < 0 ? 0 : this.bytes[this.startOf(node)]!
  }

  private startOf(node: number): number {
    return this.starts[node]!
  }

  private endOf(node: number): number {
    return this.starts[this.nexts[node]!]!
  }

  private contentOf(node: number): number {
    let at = this.startOf(node)
    while (this.bytes[at] !== COLON) at++
    return at + 1
  }

  private textIs(node: number, text: string): boolean {
    const from = this.contentOf(node)
    if (this.endOf(node) - from !== text.length) return false
    for (let i = 0; i < text.length; i++) if (this.bytes[from + i] !== text.charCodeAt(i)) return false
    return true
  }
}
