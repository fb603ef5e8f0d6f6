// Writes info dictionaries and .torrent files (BEP 3, 12, 27). Equal input gives equal bytes, so an equal info-hash.
import { encodeBencode } from './bencode.js'
import { BencodeWriter } from './bencode-writer.js'

export interface InfoParts {
  readonly name: string
  readonly pieceLength: number
  /** 20 bytes a piece. */
  readonly pieces: Uint8Array
  /** One file, called `name`; or else `files`. */
  readonly length?: number
  readonly files?: ReadonlyArray<{ readonly path: readonly string[]; readonly length: number }>
  readonly private?: boolean
  /** Tells torrents of the same content apart, as private trackers ask. */
  readonly source?: string
}

export interface TorrentFileParts {
  /** The raw info dictionary; goes in as it is. */
  readonly info: Uint8Array
  /** Tiers of trackers (BEP 12). */
  readonly announce: ReadonlyArray<readonly string[]>
  readonly comment?: string
  readonly createdBy?: string
  /** Seconds since 1970. */
  readonly creationDate?: number
}

const MIN_PIECE = 16 * 1024
const MAX_PIECE = 16 * 1024 * 1024
const ENOUGH_PIECES = 2_000

/** The smallest power of two from 16 KiB to 16 MiB that gives at most 2,000 pieces. */
export function choosePieceLength(totalLength: number): number {
  let length = MIN_PIECE
  while (length < MAX_PIECE && Math.ceil(totalLength / length) > ENOUGH_PIECES) length *= 2
  return length
}

export function buildInfo(parts: InfoParts): Uint8Array {
  return encodeBencode({
    files: parts.files?.map(file => ({ length: file.length, path: [...file.path] })),
    length: parts.length,
    name: parts.name,
    'piece length': parts.pieceLength,
    pieces: parts.pieces,
    private: parts.private === true ? 1 : undefined,
    source: parts.source,
  })
}

export function buildTorrent(parts: TorrentFileParts): Uint8Array {
  const urls = parts.announce.flat()
  const out = new BencodeWriter(parts.info.length + 1024).openDictionary()
  if (urls[0] !== undefined) out.ascii('announce').text(urls[0])
  if (urls.length > 1) {
    out.ascii('announce-list').openList()
    for (const tier of parts.announce) {
      out.openList()
      for (const url of tier) out.text(url)
      out.close()
    }
    out.close()
  }
  if (parts.comment !== undefined) out.ascii('comment').text(parts.comment)
  if (parts.createdBy !== undefined) out.ascii('created by').text(parts.createdBy)
  if (parts.creationDate !== undefined) out.ascii('creation date').integer(parts.creationDate)
  return out.ascii('info').raw(parts.info).close().finish()
}
