// What a torrent remembers between two runs, and how much of it is believed.
//
// HASH.resume is written whole after the content was flushed, so the pieces it names are on the disk. HASH.journal gets
// each piece before it is written, unsynced, so it names all that may be there since: they are hashed, and fetched only
// where they are wrong.
import { createHash } from 'node:crypto'
import { Bitfield } from '../base/bitfield.js'
import { equalBytes, readU16, readU32, readU64, writeU16, writeU32, writeU64 } from '../base/bytes.js'
import type { InfoHash } from '../protocol/ids.js'

export interface ResumeState {
  /** Pieces that were verified and flushed. */
  readonly flushed: Bitfield
  /** What the storage gave as its stamp when this was written. */
  readonly stamp: string
  readonly uploaded: number
  readonly downloaded: number
  /** Time spent seeding. */
  readonly seedingMs: number
  /** Nothing wanted was missing. */
  readonly complete: boolean
  /** null: the content lies where it was to lie. */
  readonly moved: MovedContent | null
  /** Written on stopping: nothing was done to the content afterwards. */
  readonly clean: boolean
}

/** Absolute folders. Heeded only as long as the torrent is still meant to lie in `home`. */
export interface MovedContent {
  readonly home: string
  readonly folder: string
}

// magic 8, version u16, flags u16, info-hash 20, pieces u32, uploaded u64, downloaded u64, seeding u64, stamp length u32,
// moved length u32, stamp, moved (home, a zero byte, folder), bits, SHA-1 of all before it. Version 1, which is read as
// well, had neither seeding nor moved, and its only flag was CLEAN: everything was wanted.
const MAGIC = Buffer.from('SHOALRSM', 'latin1')
const VERSION = 2
const CLEAN = 1
const COMPLETE = 2
const AT = {
  version: 8,
  flags: 10,
  infoHash: 12,
  pieces: 32,
  uploaded: 36,
  downloaded: 44,
  seeding: 52,
  stampLength: 60,
  movedLength: 64,
  stamp: 68,
}
/** Where version 1 had its stamp length and its stamp. */
const OLD_AT = { stampLength: 52, stamp: 56 }
const CHECKSUM = 20

export function encodeResume(state: ResumeState, infoHash: InfoHash): Uint8Array {
  const { flushed, moved } = state
  const stamp = Buffer.from(state.stamp, 'utf8')
  const where = Buffer.from(moved === null ? '' : `${moved.home}\0${moved.folder}`, 'utf8')
  const bitsAt = AT.stamp + stamp.length + where.length
  const end = bitsAt + flushed.bytes.length
  const out = new Uint8Array(end + CHECKSUM)
  out.set(MAGIC)
  writeU16(out, AT.version, VERSION)
  writeU16(out, AT.flags, (state.clean ? CLEAN : 0) | (state.complete ? COMPLETE : 0))
  out.set(infoHash, AT.infoHash)
  writeU32(out, AT.pieces, flushed.length)
  writeU64(out, AT.uploaded, state.uploaded)
  writeU64(out, AT.downloaded, state.downloaded)
  writeU64(out, AT.seeding, state.seedingMs)
  writeU32(out, AT.stampLength, stamp.length)
  writeU32(out, AT.movedLength, where.length)
  out.set(stamp, AT.stamp)
  out.set(where, AT.stamp + stamp.length)
  out.set(flushed.bytes, bitsAt)
  out.set(checksum(out.subarray(0, end)), end)
  return out
}

/** A text says in a few words why the bytes cannot be used; cut short anywhere, they never can. */
export function decodeResume(bytes: Uint8Array, infoHash: InfoHash, pieceCount: number): ResumeState | string {
  if (bytes.length < OLD_AT.stamp + CHECKSUM) return 'it is cut short'
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return 'it is no resume file'
  const version = readU16(bytes, AT.version)
  const old = version === 1
  if (!old && version !== VERSION) return `its version is ${version}, not ${VERSION}`
  if (!old && bytes.length < AT.stamp + CHECKSUM) return 'it is cut short'
  const end = bytes.length - CHECKSUM
  if (!equalBytes(checksum(bytes.subarray(0, end)), bytes.subarray(end))) return 'it is damaged'
  if (!equalBytes(bytes.subarray(AT.infoHash, AT.pieces), infoHash)) return 'it belongs to another torrent'
  const { stamp: stampAt, stampLength } = old ? OLD_AT : AT
  const movedAt = stampAt + readU32(bytes, stampLength)
  const bitsAt = movedAt + (old ? 0 : readU32(bytes, AT.movedLength))
  const flushed = Bitfield.from(bytes.subarray(Math.min(bitsAt, end), end), pieceCount)
  if (flushed === null || readU32(bytes, AT.pieces) !== pieceCount) return 'it has another number of pieces'
  const flags = readU16(bytes, AT.flags)
  return {
    flushed,
    stamp: textOf(bytes.subarray(stampAt, movedAt)),
    uploaded: readU64(bytes, AT.uploaded),
    downloaded: readU64(bytes, AT.downloaded),
    seedingMs: old ? 0 : readU64(bytes, AT.seeding),
    complete: old ? flushed.full : (flags & COMPLETE) !== 0,
    moved: movedOf(textOf(bytes.subarray(movedAt, bitsAt))),
    clean: (flags & CLEAN) !== 0,
  }
}

function movedOf(text: string): MovedContent | null {
  const [home, folder] = text.split('\0')
  return home === undefined || folder === undefined ? null : { home, folder }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

export const JOURNAL_ENTRY = 4

/** What is appended for pieces. */
export function encodeJournal(pieces: Iterable<number>): Uint8Array {
  const list = [...pieces]
  const out = new Uint8Array(list.length * JOURNAL_ENTRY)
  list.forEach((piece, i) => writeU32(out, i * JOURNAL_ENTRY, piece))
  return out
}

/**
 * The pieces a journal names. A torn last entry and numbers out of range are passed over. Since what is appended behind
 * a torn entry would be read askew, a run never goes on with a journal it found: it writes the state anew and begins one.
 */
export function decodeJournal(bytes: Uint8Array, pieceCount: number): Bitfield {
  const pieces = new Bitfield(pieceCount)
  for (let at = 0; at + JOURNAL_ENTRY <= bytes.length; at += JOURNAL_ENTRY) pieces.set(readU32(bytes, at))
  return pieces
}

export interface ResumeEvidence {
  /** null: there is none, or it could not be used. */
  readonly state: ResumeState | null
  readonly journal: Uint8Array
  /** The storage's, now. */
  readonly stamp: string
  /** The storage's, now: pieces that could be there, judged by sizes. */
  readonly present: Bitfield
  /** The torrent was made of this content a moment ago, by hashing it. */
  readonly made: boolean
}

export interface ResumePlan {
  /** Taken as had, unhashed. */
  readonly trust: Bitfield
  /** Hashed from the disk. What is in neither is fetched. */
  readonly check: Bitfield
  readonly because: 'made' | 'clean' | 'unclean' | 'no-state' | 'other-stamp' | 'content-lost'
}

/**
 * Clean, and nobody touched the content since: all that was flushed is trusted and nothing is hashed. Not clean: what was
 * flushed is trusted, what only the journal names is hashed. Anything else: all that could be there is hashed.
 *
 * An unclean state is believed whatever its stamp. The stamp was taken when the state was written; our own writes
 * afterwards, up to the kill, changed times and sizes, so an unequal stamp says nothing there, and asking for an equal one
 * would hash a whole download after every power cut. What it can still be held to is that files only grow under a
 * download: a flushed piece that lies beyond the end of its file was taken away by somebody else, and then nothing is
 * believed. Somebody who changes bytes in place during that time goes unnoticed until the piece is read or hashed; on a
 * clean state the stamp catches that too.
 */
export function planResume({ state, journal, stamp, present, made }: ResumeEvidence): ResumePlan {
  const none = new Bitfield(present.length)
  if (made) return { trust: present, check: none, because: 'made' }
  const everything = (because: ResumePlan['because']): ResumePlan => ({ trust: none, check: present, because })
  if (state === null) return everything('no-state')
  if (state.clean && state.stamp !== stamp) return everything('other-stamp')
  if (intersection(state.flushed, present).count < state.flushed.count) return everything('content-lost')
  if (state.clean) return { trust: state.flushed, check: none, because: 'clean' }
  const check = intersection(decodeJournal(journal, present.length), present)
  for (let piece = check.nextSet(0); piece !== -1; piece = check.nextSet(piece + 1)) {
    if (state.flushed.has(piece)) check.clear(piece)
  }
  return { trust: state.flushed, check, because: 'unclean' }
}

function intersection(a: Bitfield, b: Bitfield): Bitfield {
  const both = new Bitfield(a.length)
  for (let piece = a.nextSet(0); piece !== -1; piece = a.nextSet(piece + 1)) if (b.has(piece)) both.set(piece)
  return both
}

function checksum(bytes: Uint8Array): Uint8Array {
  return createHash('sha1').update(bytes).digest()
}
