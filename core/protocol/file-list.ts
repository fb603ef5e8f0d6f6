// The files of an info dictionary as version 1 lists them (BEP 3, attributes of BEP 47), paths still as they came.
import type { NodeError } from '../base/errors.js'
import { ABSENT, type Bencoded } from './bencoded.js'
import { protocolErrors } from './errors.js'
import { MAX_CONTENT_LENGTH, MAX_PATH_DEPTH } from './limits.js'

/** One file before its path is made safe. */
export interface ListedFile {
  /** Below the torrent's name; empty for the file of a single-file torrent. */
  readonly path: readonly Uint8Array[]
  readonly length: number
  /** Hashed as zeros, never stored. */
  readonly padding: boolean
  /** Never made: a link could lead out of the folder. It has no bytes of its own. */
  readonly symlink: boolean
  /** Root of the file's tree of hashes in version 2; null where there is none. */
  readonly root: Uint8Array | null
}

export function fieldFault(what: string): NodeError {
  return protocolErrors.make('ERR_METAINFO_FIELD', `the torrent is malformed: ${what}`)
}

export function sizeFault(what: string): NodeError {
  return protocolErrors.make('ERR_METAINFO_SIZE', `the torrent cannot be used: ${what}`)
}

/** As clients did before BEP 47. */
const OLD_PADDING = new TextEncoder().encode('_____padding_file_')
const PADDING_FOLDER = new TextEncoder().encode('.pad')

/** `info`: the info dictionary. null: it has neither "files" nor "length", so it is not version 1. */
export function readFileList(torrent: Bencoded, info: number): ListedFile[] | null {
  const files = torrent.get(info, 'files')
  if (files === ABSENT) {
    const length = torrent.get(info, 'length')
    if (length === ABSENT) return null
    return [{ path: [], length: readLength(torrent, length), padding: false, symlink: false, root: null }]
  }
  if (!torrent.isList(files)) throw fieldFault('"files" is no list')
  const list: ListedFile[] = []
  for (let entry = torrent.first(files); entry !== ABSENT; entry = torrent.after(entry)) {
    if (!torrent.isDictionary(entry)) throw fieldFault('an entry of "files" is no dictionary')
    list.push(readEntry(torrent, entry))
  }
  if (list.length === 0) throw fieldFault('"files" is empty')
  return list
}

function readEntry(torrent: Bencoded, entry: number): ListedFile {
  const { padding, symlink } = readAttributes(torrent, entry)
  const length = symlink ? 0 : readLength(torrent, torrent.get(entry, 'length'))
  const preferred = torrent.get(entry, 'path.utf-8')
  const path = torrent.isList(preferred) ? preferred : torrent.get(entry, 'path')
  if (path === ABSENT && padding) {
    const name = new TextEncoder().encode(String(length))
    return { path: [PADDING_FOLDER, name], length, padding, symlink, root: null }
  }
  const elements = readPath(torrent, path)
  return { path: elements, length, padding: padding || isOldPadding(elements), symlink, root: null }
}

/** BEP 47: letters. A link without a target is none. */
export function readAttributes(torrent: Bencoded, entry: number): { padding: boolean; symlink: boolean } {
  const letters = torrent.text(torrent.get(entry, 'attr')) ?? ''
  const target = torrent.get(entry, 'symlink path')
  const symlink = letters.includes('l') && target !== ABSENT
  if (symlink) readPath(torrent, target)
  return { padding: letters.includes('p'), symlink }
}

export function readLength(torrent: Bencoded, node: number): number {
  const length = torrent.integer(node)
  if (length === null || length < 0 || length > MAX_CONTENT_LENGTH) {
    throw sizeFault('a file has no length, or none from 0 to 2^48')
  }
  return length
}

function readPath(torrent: Bencoded, list: number): Uint8Array[] {
  if (!torrent.isList(list)) throw fieldFault('a file has no path')
  const elements: Uint8Array[] = []
  for (let node = torrent.first(list); node !== ABSENT; node = torrent.after(node)) {
    const element = torrent.string(node)
    if (element === null) throw fieldFault('a path holds something that is no text')
    elements.push(element)
    if (elements.length > MAX_PATH_DEPTH) throw sizeFault(`a path is deeper than ${MAX_PATH_DEPTH} folders`)
  }
  if (elements.length === 0) throw fieldFault('a path is empty')
  return elements
}

function isOldPadding(path: readonly Uint8Array[]): boolean {
  const name = path.at(-1)
  return name !== undefined && OLD_PADDING.every((byte, i) => name[i] === byte)
}
