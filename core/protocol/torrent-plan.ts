// From files on disk to a .torrent, around the hashing that happens elsewhere: plan before it, assemble after it. Every
// way to make a torrent goes through here, so the same files give the same info-hash.
import { protocolErrors } from './errors.js'
import { BLOCK_LENGTH } from './geometry.js'
import { MAX_PIECE_LENGTH, MAX_PIECES } from './limits.js'
import { buildInfo, buildTorrent, choosePieceLength } from './metainfo-builder.js'
import { parseMetainfo, type Metainfo } from './metainfo.js'
import { safeElement, type PathPlatform } from './safe-path.js'

/** A file as a walk of the folder finds it; a path without elements: the source is a file itself. */
export interface SourceFile {
  readonly path: readonly string[]
  readonly length: number
}

export interface TorrentPlan {
  readonly name: string
  readonly pieceLength: number
  readonly totalLength: number
  /** In the order in which they are to be hashed, end to end. */
  readonly files: readonly SourceFile[]
}

export interface PlanOptions {
  /** Bytes; by default chosen by size. */
  readonly pieceLength?: number | undefined
  readonly platform?: PathPlatform | undefined
}

/** Throws ERR_METAINFO_SOURCE for files that no torrent can hold, ERR_METAINFO_PIECE_LENGTH for one that is no good. */
export function planTorrent(files: readonly SourceFile[], name: string, options: PlanOptions = {}): TorrentPlan {
  const totalLength = files.reduce((sum, file) => sum + file.length, 0)
  if (totalLength === 0) throw sourceFault(`"${name}" holds no bytes to share`)
  const platform = options.platform ?? 'posix'
  for (const part of new Set([name, ...files.flatMap(file => file.path)])) refuseUnsafe(part, platform)
  const pieceLength = options.pieceLength ?? choosePieceLength(totalLength)
  if (pieceLength < BLOCK_LENGTH || pieceLength > MAX_PIECE_LENGTH || !Number.isInteger(Math.log2(pieceLength))) {
    throw protocolErrors.make(
      'ERR_METAINFO_PIECE_LENGTH',
      `a piece length is a power of two from 16 KiB to 512 MiB, not ${pieceLength}`,
    )
  }
  const pieces = Math.ceil(totalLength / pieceLength)
  if (pieces > MAX_PIECES) {
    throw protocolErrors.make(
      'ERR_METAINFO_PIECE_LENGTH',
      `pieces of ${pieceLength} bytes would make ${pieces} of them, more than ${MAX_PIECES}: choose larger ones`,
    )
  }
  return { name, pieceLength, totalLength, files }
}

export interface AssembleOptions {
  readonly trackers?: ReadonlyArray<readonly string[]> | undefined
  readonly private?: boolean | undefined
  readonly source?: string | undefined
  readonly comment?: string | undefined
  readonly createdBy?: string | undefined
  /** Seconds since 1970. */
  readonly creationDate?: number | undefined
  readonly platform?: PathPlatform | undefined
}

/** `pieces`: 20 bytes a piece, as hashed. What comes out was read back like any torrent. */
export function assembleTorrent(
  plan: TorrentPlan,
  pieces: Uint8Array,
  options: AssembleOptions = {},
): { readonly bytes: Uint8Array; readonly metainfo: Metainfo } {
  const { name, pieceLength, files } = plan
  const only = files.length === 1 && files[0]?.path.length === 0 ? files[0] : undefined
  const content = only === undefined ? files : only.length
  const info = buildInfo({ name, pieceLength, pieces, content, private: options.private, source: options.source })
  const { trackers, comment, createdBy, creationDate } = options
  const bytes = buildTorrent({ info, trackers, comment, createdBy, creationDate })
  return { bytes, metainfo: parseMetainfo(bytes, options.platform) }
}

/** Others would store it under another name, and so would we: the file could not be found again. */
function refuseUnsafe(part: string, platform: PathPlatform): void {
  const safe = safeElement(new TextEncoder().encode(part), platform)
  if (safe === part) return
  const hint = safe === '' ? '' : `, to "${safe}" for example`
  throw sourceFault(`"${part}" is no name that is safe on every machine: rename it${hint}`)
}

function sourceFault(what: string): Error {
  return protocolErrors.make('ERR_METAINFO_SOURCE', `cannot make a torrent: ${what}`)
}
