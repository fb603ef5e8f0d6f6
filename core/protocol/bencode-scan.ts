// Strict, bounded, iterative check of bencoded bytes (BEP 3), made before anything else looks at them. It runs twice: the
// first pass counts, the second notes where each token starts and where its value ends, so a bomb is refused before
// memory is spent on it.
import type { NodeError } from '../base/errors.js'
import { Bencoded } from './bencoded.js'
import { protocolErrors } from './errors.js'

export interface BencodeRules {
  readonly maxBytes: number
  readonly maxDepth: number
  /** Values, keys and ends of lists and dictionaries. */
  readonly maxTokens: number
  /** Unsorted keys and leading zeros pass (old .torrent files have them); `Bencoded.canonical` tells. Equal keys never do. */
  readonly lenient?: boolean
  /** Bytes behind the value are ignored. */
  readonly trailing?: boolean
}

const CHAR_0 = 0x30
const CHAR_9 = 0x39
const MINUS = 0x2d
const COLON = 0x3a
const CHAR_D = 0x64
const CHAR_E = 0x65
const CHAR_I = 0x69
const CHAR_L = 0x6c
/** More digits than any 64-bit number has. */
const MAX_DIGITS = 20
/** Below this, the table is made as large as it could ever be, and one pass is enough. */
const ONE_PASS = 4096

/** What the bytes hold, ready to be read; or the error, returned and not thrown. */
export function scanBencode(bytes: Uint8Array, rules: BencodeRules): Bencoded | NodeError {
  if (bytes.length > rules.maxBytes) {
    return protocolErrors.make('ERR_BENCODE_LIMIT', `${bytes.length} bytes, more than the ${rules.maxBytes} allowed`)
  }
  let room = bytes.length
  if (room > ONE_PASS) {
    const counting = new Scanner(bytes, rules, null, null)
    if (!counting.run()) return counting.error
    room = counting.tokens
  }
  const starts = new Uint32Array(room + 1)
  const nexts = new Uint32Array(room + 1)
  const scanner = new Scanner(bytes, rules, starts, nexts)
  if (!scanner.run()) return scanner.error
  starts[scanner.tokens] = scanner.at
  const count = scanner.tokens
  const value = new Bencoded(bytes, starts.subarray(0, count + 1), nexts.subarray(0, count), scanner.canonical)
  return scanner.sorted || !value.hasEqualKeys() ? value : scanner.syntax('a key stands twice in one dictionary', 0)
}

class Scanner {
  at = 0
  tokens = 0
  /** Keys in order everywhere. */
  sorted = true
  /** In order, and no leading zero. */
  canonical = true
  private fault: NodeError | null = null
  private depth = 0
  /** Per open container: is it a dictionary, does a key come next, its token, and where its last key lay. */
  private readonly dictionary: Uint8Array
  private readonly keyNext: Uint8Array
  private readonly opener: Uint32Array
  private readonly keyFrom: Int32Array
  private readonly keyTo: Int32Array
  /** Of the last string read. */
  private from = 0

  constructor(
    private readonly bytes: Uint8Array,
    private readonly rules: BencodeRules,
    private readonly starts: Uint32Array | null,
    private readonly nexts: Uint32Array | null,
  ) {
    this.dictionary = new Uint8Array(rules.maxDepth + 1)
    this.keyNext = new Uint8Array(rules.maxDepth + 1)
    this.opener = new Uint32Array(rules.maxDepth + 1)
    this.keyFrom = new Int32Array(rules.maxDepth + 1)
    this.keyTo = new Int32Array(rules.maxDepth + 1)
  }

  get error(): NodeError {
    return this.fault ?? this.syntax('not bencoded', this.at)
  }

  syntax(what: string, at: number): NodeError {
    return protocolErrors.make('ERR_BENCODE_SYNTAX', `${what}, at byte ${at}`, { details: { at } })
  }

  run(): boolean {
    do {
      if (!this.step()) return false
    } while (this.depth > 0)
    if (this.rules.trailing === true || this.at === this.bytes.length) return true
    return this.fail('bytes behind the end')
  }

  private step(): boolean {
    if (this.at >= this.bytes.length) return this.fail('ends too early')
    if (this.tokens >= this.rules.maxTokens) return this.limit(`more than ${this.rules.maxTokens} values`)
    const token = this.tokens++
    if (this.starts !== null) this.starts[token] = this.at
    const byte = this.bytes[this.at]!
    const isKey = this.keyNext[this.depth] === 1
    if (byte === CHAR_E) return this.close(token)
    if (isKey) return this.key(token)
    if (this.dictionary[this.depth] === 1) this.keyNext[this.depth] = 1
    if (byte === CHAR_L || byte === CHAR_D) return this.open(token, byte === CHAR_D)
    if (this.nexts !== null) this.nexts[token] = token + 1
    return byte === CHAR_I ? this.integer() : this.string()
  }

  private open(token: number, dictionary: boolean): boolean {
    if (this.depth >= this.rules.maxDepth) return this.limit(`nested deeper than ${this.rules.maxDepth}`)
    this.depth++
    this.dictionary[this.depth] = dictionary ? 1 : 0
    this.keyNext[this.depth] = dictionary ? 1 : 0
    this.opener[this.depth] = token
    this.keyTo[this.depth] = -1
    this.at++
    return true
  }

  private close(token: number): boolean {
    if (this.depth === 0) return this.fail('an end without a beginning')
    if (this.dictionary[this.depth] === 1 && this.keyNext[this.depth] === 0) return this.fail('a key without a value')
    if (this.nexts !== null) {
      this.nexts[this.opener[this.depth]!] = token + 1
      this.nexts[token] = token + 1
    }
    this.depth--
    this.at++
    return true
  }

  private key(token: number): boolean {
    if (!this.string()) return false
    if (this.nexts !== null) this.nexts[token] = token + 1
    this.keyNext[this.depth] = 0
    const order = this.keyTo[this.depth] === -1 ? 1 : this.compareToLastKey()
    if (order === 0) return this.fail('a key stands twice in one dictionary')
    if (order < 0) {
      if (this.rules.lenient !== true) return this.fail('keys out of order')
      this.sorted = false
      this.canonical = false
    }
    this.keyFrom[this.depth] = this.from
    this.keyTo[this.depth] = this.at
    return true
  }

  private compareToLastKey(): number {
    const lastFrom = this.keyFrom[this.depth]!
    const lastLength = this.keyTo[this.depth]! - lastFrom
    const length = this.at - this.from
    const shared = Math.min(length, lastLength)
    for (let i = 0; i < shared; i++) {
      const difference = this.bytes[this.from + i]! - this.bytes[lastFrom + i]!
      if (difference !== 0) return difference
    }
    return length - lastLength
  }

  private integer(): boolean {
    const from = this.at
    let at = from + 1
    const negative = this.bytes[at] === MINUS
    if (negative) at++
    const digits = at
    while (at < this.bytes.length && isDigit(this.bytes[at]!)) at++
    const count = at - digits
    if (at >= this.bytes.length) return this.fail('ends within a number')
    if (count === 0 || this.bytes[at] !== CHAR_E) return this.fail('not a number')
    if (count > MAX_DIGITS) return this.limit(`a number of ${count} digits`)
    if (this.bytes[digits] === CHAR_0 && (count > 1 || negative)) {
      if (this.rules.lenient !== true) return this.fail('a number with a leading zero, or minus zero')
      this.canonical = false
    }
    this.at = at + 1
    return true
  }

  private string(): boolean {
    const digits = this.at
    let at = digits
    let length = 0
    while (at < this.bytes.length && isDigit(this.bytes[at]!)) {
      length = length * 10 + this.bytes[at++]! - CHAR_0
      if (length > this.bytes.length) return this.fail('a string longer than what there is')
    }
    if (at >= this.bytes.length && at > digits) return this.fail('ends within the length of a string')
    if (at === digits || this.bytes[at] !== COLON) return this.fail('neither value nor key')
    if (this.bytes[digits] === CHAR_0 && at > digits + 1) {
      if (this.rules.lenient !== true) return this.fail('a length with a leading zero')
      this.canonical = false
    }
    this.from = at + 1
    if (length > this.bytes.length - this.from) return this.fail('a string longer than what there is')
    this.at = this.from + length
    return true
  }

  private fail(what: string): false {
    this.fault = this.syntax(what, this.at)
    return false
  }

  private limit(what: string): false {
    this.fault = protocolErrors.make('ERR_BENCODE_LIMIT', `${what}, at byte ${this.at}`, { details: { at: this.at } })
    return false
  }
}

function isDigit(byte: number): boolean {
  return byte >= CHAR_0 && byte <= CHAR_9
}
