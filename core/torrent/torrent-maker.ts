// Makes the info dictionary of a file or folder: the same for `create`, `seed` and `share`, so the same info-hash.
import type { FileFact, FileSystem, HashPool } from '../contracts/host.js'
import { buildInfo, choosePieceLength } from '../protocol/metainfo-builder.js'
import { torrentErrors } from './errors.js'

export interface MakerParts {
  readonly files: Pick<FileSystem, 'walk'>
  readonly hashing: Pick<HashPool, 'digests'>
}

export interface MakerOptions {
  /** By default the smallest power of two from 16 KiB to 16 MiB that gives at most 2,000 pieces. */
  readonly pieceLength?: number
  readonly private?: boolean
  readonly source?: string
}

export interface MadeTorrent {
  /** The raw info dictionary. */
  readonly info: Uint8Array
  /** What it was made of, in the torrent's order. */
  readonly facts: readonly FileFact[]
}

/** `path` absolute, `name` what the torrent is to be called. `progress` gets bytes hashed, and once before it all the total. */
export async function makeTorrent(
  parts: MakerParts,
  path: string,
  name: string,
  options: MakerOptions,
  progress: (bytes: number, total: number) => void,
  signal: AbortSignal,
): Promise<MadeTorrent> {
  const facts = await parts.files.walk(path)
  const total = facts.reduce((sum, fact) => sum + fact.length, 0)
  if (total === 0) {
    throw torrentErrors.make(
      'ERR_TORRENT_EMPTY',
      `${path} holds no bytes to share (files whose names begin with "." do not count)`,
    )
  }
  const pieceLength = options.pieceLength ?? choosePieceLength(total)
  const pieces = await parts.hashing.digests(facts, path, pieceLength, bytes => progress(bytes, total), signal)
  const single = facts.length === 1 && facts[0]?.path.length === 0
  const info = buildInfo({
    name,
    pieceLength,
    pieces,
    content: single ? total : facts,
    private: options.private,
    source: options.source,
  })
  return { info, facts }
}
