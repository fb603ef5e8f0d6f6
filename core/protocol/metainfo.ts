// A .torrent file read and checked (BEP 3, 12, 19, 27, 47, 52): what comes out is safe to act on. The info-hash is that of
// the bytes as they came. Versions 1 and hybrid can be transferred; version 2 alone is recognised and shown.
import { createHash } from 'node:crypto'
import { toHex } from '../base/bytes.js'
import { NodeError } from '../base/errors.js'
import { scanBencode, type BencodeRules } from './bencode-scan.js'
import { ABSENT, type Bencoded } from './bencoded.js'
import { protocolErrors } from './errors.js'
import { fieldFault, readFileList, sizeFault, type ListedFile } from './file-list.js'
import { readFileTree } from './file-tree.js'
import { BLOCK_LENGTH, pieceGeometry, type PieceGeometry } from './geometry.js'
import { refuseDisagreement } from './hybrid.js'
import { infoHashOf, type InfoHash } from './ids.js'
import {
  MAX_CONTENT_LENGTH,
  MAX_PIECE_LENGTH,
  MAX_PIECES,
  MAX_TORRENT_BYTES,
  MAX_TORRENT_DEPTH,
  MAX_TORRENT_TOKENS,
} from './limits.js'
import { checkPieceLayers } from './piece-layers.js'
import { safeElement, safePath, type PathPlatform } from './safe-path.js'
import { readTrackers, readUrls } from './torrent-urls.js'
import { uniquePaths } from './unique-paths.js'

export interface MetainfoFile {
  /** Safe elements, the torrent's name first; no two files have the same. */
  readonly path: readonly string[]
  readonly length: number
  /** Never stored: padding, which reads as zeros, or a symbolic link, which has no bytes and is not made. */
  readonly padding: boolean
}

export interface Metainfo {
  readonly kind: 'v1' | 'hybrid' | 'v2'
  /** SHA-1 of the info dictionary; for v2 alone its SHA-256 cut to 20 bytes, as trackers and peers see it. */
  readonly infoHash: InfoHash
  /** SHA-256; null for v1. */
  readonly infoHashV2: Uint8Array | null
  /** Safe to be a path element. */
  readonly name: string
  readonly geometry: PieceGeometry
  /** 20 bytes a piece; empty for v2 alone. */
  readonly pieces: Uint8Array
  readonly files: readonly MetainfoFile[]
  readonly trackers: ReadonlyArray<readonly string[]>
  readonly private: boolean
  /** Web seeds (BEP 19). */
  readonly urlList: readonly string[]
  /** Texts of a stranger: not for a terminal as they are. */
  readonly comment: string | null
  readonly createdBy: string | null
  readonly source: string | null
  /** Seconds since 1970. */
  readonly creationDate: number | null
  /** The info dictionary as it came: what metadata messages carry. */
  readonly rawInfo: Uint8Array
}

/** Lenient, for old files are; a version 2 info dictionary must pass without. Bytes behind the end occur in the wild. */
const RULES: BencodeRules = {
  maxBytes: MAX_TORRENT_BYTES,
  maxDepth: MAX_TORRENT_DEPTH,
  maxTokens: MAX_TORRENT_TOKENS,
  lenient: true,
  trailing: true,
}

/** Throws ERR_METAINFO_*. The bytes are kept, not copied. `platform`: where files will lie. */
export function parseMetainfo(bytes: Uint8Array, platform: PathPlatform = 'posix'): Metainfo {
  const torrent = open(bytes)
  const info = torrent.get(0, 'info')
  if (!torrent.isDictionary(info)) throw fieldFault('it has no "info" dictionary')
  const rawInfo = torrent.raw(info)
  const tree = readVersion(torrent, info) === 2 ? torrent.get(info, 'file tree') : ABSENT
  const list = readFileList(torrent, info)
  const kind = tree === ABSENT ? 'v1' : list === null ? 'v2' : 'hybrid'
  const treeFiles = tree === ABSENT ? null : readFileTree(torrent, tree)
  const listed = list ?? treeFiles
  if (listed === null) throw fieldFault('it lists no files')
  const pieceLength = readPieceLength(torrent, info, kind)
  const rawName = readName(torrent, info)
  const geometry = geometryOf(listed, kind, pieceLength)
  if (treeFiles !== null) {
    refuseLoose(rawInfo)
    if (list !== null) refuseDisagreement(list, treeFiles, rawName, pieceLength)
    checkPieceLayers(torrent, torrent.get(0, 'piece layers'), treeFiles, pieceLength)
  }
  const infoHashV2 = kind === 'v1' ? null : createHash('sha256').update(rawInfo).digest()
  const infoHash = infoHashOf(createHash('sha1').update(rawInfo).digest())
  const truncated = infoHashV2 === null ? null : infoHashOf(infoHashV2.subarray(0, 20))
  const hash = kind === 'v2' ? truncated : infoHash
  if (hash === null) throw fieldFault('it has no info-hash')
  const name = safeElement(rawName, platform) || toHex(hash)
  return {
    kind,
    infoHash: hash,
    infoHashV2,
    name,
    geometry,
    pieces: kind === 'v2' ? new Uint8Array(0) : readPieces(torrent, info, geometry.pieceCount),
    files: placeFiles(listed, name, rawName, platform),
    trackers: readTrackers(torrent),
    private: torrent.integer(torrent.get(info, 'private')) === 1,
    urlList: readUrls(torrent, torrent.get(0, 'url-list')),
    comment: torrent.text(torrent.get(0, 'comment')),
    createdBy: torrent.text(torrent.get(0, 'created by')),
    source: torrent.text(torrent.get(info, 'source')),
    creationDate: torrent.integer(torrent.get(0, 'creation date')),
    rawInfo,
  }
}

/** Throws ERR_METAINFO_V2_ONLY for what can be shown but not transferred. */
export function refuseV2Only(metainfo: Metainfo): void {
  if (metainfo.kind !== 'v2') return
  throw protocolErrors.make(
    'ERR_METAINFO_V2_ONLY',
    `"${metainfo.name}" is a torrent of version 2 only, which cannot be transferred yet: ask for a hybrid or version 1 torrent`,
  )
}

function open(bytes: Uint8Array): Bencoded {
  const scanned = scanBencode(bytes, RULES)
  if (scanned instanceof NodeError) {
    throw protocolErrors.make('ERR_METAINFO_SYNTAX', `not a .torrent file: ${scanned.message}`, { cause: scanned })
  }
  if (!scanned.isDictionary(0)) throw protocolErrors.make('ERR_METAINFO_SYNTAX', 'not a .torrent file: no dictionary')
  return scanned
}

function readVersion(torrent: Bencoded, info: number): 1 | 2 {
  const node = torrent.get(info, 'meta version')
  if (node === ABSENT) return 1
  const version = torrent.integer(node)
  if (version !== 1 && version !== 2) throw fieldFault(`"meta version" is ${version ?? 'no number'}, not 1 or 2`)
  if (version === 2 && torrent.get(info, 'file tree') === ABSENT) throw fieldFault('version 2 without "file tree"')
  return version
}

/** BEP 52 asks for canonical bencoding. */
function refuseLoose(rawInfo: Uint8Array): void {
  const strict = scanBencode(rawInfo, { ...RULES, lenient: false, trailing: false })
  if (!(strict instanceof NodeError)) return
  throw protocolErrors.make('ERR_METAINFO_SYNTAX', `a version 2 torrent must be canonical: ${strict.message}`)
}

function readPieceLength(torrent: Bencoded, info: number, kind: Metainfo['kind']): number {
  const length = torrent.integer(torrent.get(info, 'piece length'))
  if (length === null || length < 1) throw fieldFault('it has no "piece length"')
  if (length > MAX_PIECE_LENGTH) throw sizeFault(`its pieces have ${length} bytes, more than ${MAX_PIECE_LENGTH}`)
  if (kind !== 'v1' && (length < BLOCK_LENGTH || !Number.isInteger(Math.log2(length)))) {
    throw fieldFault(`its "piece length" is ${length}, not a power of two of at least 16 KiB`)
  }
  return length
}

function readName(torrent: Bencoded, info: number): Uint8Array {
  const name = torrent.string(torrent.get(info, 'name.utf-8')) ?? torrent.string(torrent.get(info, 'name'))
  if (name === null || name.every(byte => byte === 0)) throw fieldFault('it has no "name"')
  return name
}

function geometryOf(files: readonly ListedFile[], kind: Metainfo['kind'], pieceLength: number): PieceGeometry {
  let total = 0
  for (const { length } of files) {
    // In version 2 each file begins with a piece of its own.
    if (kind === 'v2') total = Math.ceil(total / pieceLength) * pieceLength
    total += length
    if (total > MAX_CONTENT_LENGTH) throw sizeFault('its files hold more than 2^48 bytes')
  }
  if (total === 0) throw sizeFault('its files hold no bytes')
  const geometry = pieceGeometry(total, pieceLength)
  if (geometry.pieceCount > MAX_PIECES) throw sizeFault(`it has ${geometry.pieceCount} pieces, more than ${MAX_PIECES}`)
  return geometry
}

function readPieces(torrent: Bencoded, info: number, pieceCount: number): Uint8Array {
  const pieces = torrent.string(torrent.get(info, 'pieces'))
  if (pieces?.length === 20 * pieceCount) return pieces
  throw protocolErrors.make(
    'ERR_METAINFO_PIECES',
    `the torrent has ${pieceCount} pieces but ${pieces === null ? 'no hashes' : `${pieces.length} bytes of hashes`}`,
  )
}

function placeFiles(
  listed: readonly ListedFile[],
  name: string,
  rawName: Uint8Array,
  platform: PathPlatform,
): MetainfoFile[] {
  const only = listed.length === 1 ? listed[0] : undefined
  // One file without a path (version 1), or one of the torrent's own name (version 2), is not put into a folder.
  const single =
    only?.path.length === 0 ||
    (only?.root !== null && only?.path.length === 1 && toHex(only.path[0] ?? rawName) === toHex(rawName))
  const wanted = listed.map(({ path, padding, symlink }) => {
    if (padding || symlink) return null
    const below = safePath(path, platform)
    return single ? [name] : [name, ...(below.length === 0 ? ['_'] : below)]
  })
  const placed = uniquePaths(wanted, platform)
  return listed.map(({ path, length, padding, symlink }, i) => ({
    path: placed[i] ?? [name, ...safePath(path, platform)],
    length,
    padding: padding || symlink,
  }))
}
