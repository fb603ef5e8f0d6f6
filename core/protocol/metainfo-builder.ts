// Writes .torrent files of version 1 (BEP 3, 12, 27). The same content gives the same info dictionary, byte for byte.
import { BencodeWriter } from './bencode-writer.js'

export interface InfoParts {
  readonly name: string
  readonly pieceLength: number
  /** 20 bytes a piece. */
  readonly pieces: Uint8Array
  /** A number: the length of the one file, whose name is the torrent's. */
  readonly content: number | readonly { readonly path: readonly string[]; readonly length: number }[]
  readonly private?: boolean | undefined
  /** Makes another info-hash of the same content. */
  readonly source?: string | undefined
}

/** The info dictionary in bencode. */
export function buildInfo(parts: InfoParts): Uint8Array {
  const { content } = parts
  const out = new BencodeWriter(parts.pieces.length + 1024)
  out.openDictionary()
  if (typeof content === 'number') out.ascii('length').integer(content)
  else {
    out.ascii('files').openList()
    for (const { length, path } of content) {
      out.openDictionary().ascii('length').integer(length).ascii('path').openList()
      for (const element of path) out.text(element)
      out.close().close()
    }
    out.close()
  }
  out.ascii('name').text(parts.name)
  out.ascii('piece length').integer(parts.pieceLength)
  out.ascii('pieces').bytes(parts.pieces)
  if (parts.private === true) out.ascii('private').integer(1)
  if (parts.source !== undefined) out.ascii('source').text(parts.source)
  return out.close().finish()
}

export interface TorrentParts {
  /** As buildInfo gave it. */
  readonly info: Uint8Array
  readonly trackers?: ReadonlyArray<readonly string[]> | undefined
  readonly comment?: string | undefined
  readonly createdBy?: string | undefined
  /** Seconds since 1970. */
  readonly creationDate?: number | undefined
}

/** The .torrent file. One tracker stands in "announce" alone, several in "announce-list" too. */
export function buildTorrent(parts: TorrentParts): Uint8Array {
  const tiers = (parts.trackers ?? []).filter(tier => tier.length > 0)
  const first = tiers[0]?.[0]
  const out = new BencodeWriter(parts.info.length + 1024)
  out.openDictionary()
  if (first !== undefined) out.ascii('announce').text(first)
  if (tiers.flat().length > 1) {
    out.ascii('announce-list').openList()
    for (const tier of tiers) {
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

const LEAST_PIECE = 16 * 1024
const MOST_PIECE = 16 * 1024 * 1024
const AIM_PIECES = 2000

/** The smallest power of two from 16 KiB to 16 MiB that gives at most 2,000 pieces; 16 MiB where none does. */
export function choosePieceLength(totalLength: number): number {
  let length = LEAST_PIECE
  while (length < MOST_PIECE && Math.ceil(totalLength / length) > AIM_PIECES) length *= 2
  return length
}
