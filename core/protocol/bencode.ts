// Ordinary values to bencode and back. The package is never called on bytes that the scan has not passed: five of them
// can hang it. Values with keys that are no text are read through the scan instead (see bencoded.ts).
import bencode from 'bencode'
import { NodeError } from '../base/errors.js'
import { scanBencode, type BencodeRules } from './bencode-scan.js'
import { ABSENT, type Bencoded } from './bencoded.js'
import { protocolErrors } from './errors.js'

export type BencodeValue =
  number | string | Uint8Array | readonly BencodeValue[] | { readonly [key: string]: BencodeValue | undefined }

/** What comes out: strings are bytes. Dictionaries are plain objects with text keys. */
export type Decoded = number | Uint8Array | readonly Decoded[] | { readonly [key: string]: Decoded | undefined }

/**
 * Throws ERR_BENCODE_SYNTAX, _LIMIT, or _RANGE for what a plain value cannot hold: an integer beyond 2^53, the key
 * "__proto__".
 */
export function decodeBencode(bytes: Uint8Array, rules: BencodeRules): Decoded {
  const scanned = scanBencode(bytes, rules)
  if (scanned instanceof NodeError) throw scanned
  refuseUnholdable(scanned)
  const value: unknown = bencode.decode(scanned.raw(0))
  if (isDecoded(value)) return value
  throw protocolErrors.make('ERR_BENCODE_VALUE', 'the bencode package gave what bencode cannot hold')
}

/** Of the outermost value; what lies in it was made by the same hand. */
function isDecoded(value: unknown): value is Decoded {
  return typeof value === 'number' || (typeof value === 'object' && value !== null)
}

/** Keys are sorted; undefined values are left out. Throws ERR_BENCODE_VALUE for a number that is no safe integer. */
export function encodeBencode(value: BencodeValue): Uint8Array {
  refuseFractions(value)
  return bencode.encode(value)
}

function refuseUnholdable(scanned: Bencoded): void {
  for (let node = 0; node < scanned.count; node++) {
    if (scanned.isInteger(node) && scanned.integer(node) === null) {
      throw protocolErrors.make('ERR_BENCODE_RANGE', `the integer ${scanned.bigint(node)} is beyond 2^53`)
    }
    // As a property it would become the prototype.
    if (scanned.get(node, '__proto__') !== ABSENT) {
      throw protocolErrors.make('ERR_BENCODE_RANGE', 'a dictionary has the key "__proto__"')
    }
  }
}

function refuseFractions(value: BencodeValue | undefined): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw protocolErrors.make('ERR_BENCODE_VALUE', `${value} is no safe integer`)
  } else if (typeof value === 'object' && !(value instanceof Uint8Array)) {
    for (const item of Object.values(value)) refuseFractions(item)
  }
}
