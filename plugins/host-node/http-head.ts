// Strict reading of the one kind of request that comes by the million: a GET of a path, without a body, its head of
// plain lines. Whatever differs by a byte (another method, the absolute form, a bare LF, a folded line, a length, an
// upgrade) is not read here but by node:http, so nothing here has to be lenient or to say what is wrong.

/** Less than a head: more bytes may make it one. */
export const PARTIAL = 0
/** node:http is to read it. */
export const NOT_PLAIN = -1

export const MAX_URL = 4096
/** Request line and headers together. */
export const MAX_HEADER = 16 * 1024

/** Where the parts of a head stand; filled again for each. */
export class PlainHead {
  /** bytes[target..mark) is the path; the query stands behind the mark, to `targetEnd`. */
  target = 0
  mark = 0
  targetEnd = 0
  /** Of the first header line. */
  headers = 0
  /** HTTP/1.0 where 0. */
  minor = 1
  /** The connection may serve another request. */
  keep = true
}

const [CR, LF, TAB, SPACE, COLON, MARK, DELETE] = [0x0d, 0x0a, 0x09, 0x20, 0x3a, 0x3f, 0x7f]
const BEGIN = bytesOf('GET /')
const VERSION = bytesOf(' HTTP/1.')
const HOST = bytesOf('host')
const CONNECTION = bytesOf('connection')
const KEEP_ALIVE = bytesOf('keep-alive')
const CLOSE = bytesOf('close')
/** Those that change where a request ends or what its answer is. */
const OTHERS = ['expect', 'upgrade', 'content-length', 'proxy-connection', 'transfer-encoding'].map(bytesOf)

/** 1: may stand in a header's name. */
const isToken = new Uint8Array(256)
for (const byte of bytesOf("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
  isToken[byte] = 1
}

/** The offset behind the head that begins at `from`, PARTIAL or NOT_PLAIN. */
export function readPlainHead(bytes: Uint8Array, from: number, to: number, head: PlainHead): number {
  const limit = Math.min(to, from + MAX_HEADER)
  const cut = limit < to ? NOT_PLAIN : PARTIAL
  let at = from
  for (let i = 0; i < BEGIN.length; i++, at++) {
    if (at === limit) return cut
    if (bytes[at] !== BEGIN[i]) return NOT_PLAIN
  }
  head.target = at - 1
  let mark = -1
  for (; at < limit; at++) {
    const byte = bytes[at]!
    if (byte === MARK && mark < 0) mark = at
    else if (byte <= SPACE || byte >= DELETE) break
  }
  if (at - head.target > MAX_URL) return NOT_PLAIN
  head.targetEnd = at
  head.mark = mark < 0 ? at : mark
  for (let i = 0; i < VERSION.length; i++, at++) {
    if (at === limit) return cut
    if (bytes[at] !== VERSION[i]) return NOT_PLAIN
  }
  if (at + 3 > limit) return cut
  const minor = bytes[at]! - 0x30
  if ((minor !== 0 && minor !== 1) || bytes[at + 1] !== CR || bytes[at + 2] !== LF) return NOT_PLAIN
  head.minor = minor
  head.headers = at + 3
  return readHeaders(bytes, at + 3, limit, cut, head)
}

function readHeaders(bytes: Uint8Array, from: number, limit: number, cut: number, head: PlainHead): number {
  let hosts = 0
  let connection = 0
  head.keep = head.minor === 1
  for (let at = from; at < limit;) {
    const start = at
    if (bytes[at] === CR) {
      if (at + 1 === limit) return cut
      // A request of HTTP/1.1 names its host, once.
      return bytes[at + 1] === LF && (hosts === 1 || (hosts === 0 && head.minor === 0)) ? at + 2 : NOT_PLAIN
    }
    while (at < limit && isToken[bytes[at]!] === 1) at++
    if (at === limit) return cut
    if (at === start || bytes[at] !== COLON) return NOT_PLAIN
    const colon = at++
    while (at < limit && isText(bytes[at]!)) at++
    if (at + 1 >= limit) return cut
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return NOT_PLAIN
    switch (colon - start) {
      case HOST.length:
        if (named(bytes, start, HOST)) hosts++
        break
      case CONNECTION.length:
        if (!named(bytes, start, CONNECTION)) break
        if (++connection > 1) return NOT_PLAIN
        if (valued(bytes, colon + 1, at, KEEP_ALIVE)) head.keep = true
        else if (valued(bytes, colon + 1, at, CLOSE)) head.keep = false
        else return NOT_PLAIN
        break
      default:
        for (const other of OTHERS) {
          if (other.length === colon - start && named(bytes, start, other)) return NOT_PLAIN
        }
    }
    at += 2
  }
  return cut
}

/** The value of a header of a head that was read, by lower-case name; several joined by ", ". */
export function headerOf(bytes: Buffer, headers: number, name: string): string | undefined {
  let value: string | undefined
  for (let at = headers; bytes[at] !== CR;) {
    const colon = bytes.indexOf(COLON, at)
    const end = bytes.indexOf(CR, colon)
    if (colon - at === name.length && bytes.toString('latin1', at, colon).toLowerCase() === name) {
      const text = bytes.toString('latin1', colon + 1, end).replace(/^[ \t]+|[ \t]+$/g, '')
      value = value === undefined ? text : `${value}, ${text}`
    }
    at = end + 2
  }
  return value
}

function isText(byte: number): boolean {
  return (byte >= SPACE && byte < DELETE) || byte === TAB
}

/** Letters in either case are the same; `name` has small ones. */
function named(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (lower(bytes[at + i]!) !== name[i]) return false
  return true
}

/** With a tab beside it is no such value: node:http has its own mind about it. */
function valued(bytes: Uint8Array, from: number, to: number, value: Uint8Array): boolean {
  while (from < to && bytes[from] === SPACE) from++
  while (to > from && bytes[to - 1] === SPACE) to--
  return to - from === value.length && named(bytes, from, value)
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
