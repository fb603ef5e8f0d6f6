// Thousands of small torrents on disk, with the states of a node that has seeded them before: what a start from resume
// finds. The content is sparse, so that it costs neither disk nor the time to write and hash it.
import { createHash } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Bitfield } from '../../core/base/bitfield.js'
import { toHex } from '../../core/base/bytes.js'
import { silentLogger } from '../../core/base/log.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { buildInfo, buildTorrent } from '../../core/protocol/metainfo-builder.js'
import { encodeResume } from '../../core/torrent/resume.js'
import { contentFacts } from '../../plugins/client/content-facts.js'
import { NodeFileSystem } from '../../plugins/host-node/file-system.js'
import { FileStorageFactory } from '../../plugins/storage-file/file-storage-factory.js'
import { IoPool } from '../../plugins/storage-file/io-pool.js'

export interface CrowdSize {
  readonly torrents: number
  readonly pieces: number
  readonly pieceLength: number
}

export interface Crowd {
  /** The folder that holds the content, an entry a torrent. */
  readonly content: string
  /** The .torrent files, with the states beside them in the same folder: `dataDir` of a node that lists them. */
  readonly state: string
  readonly files: readonly string[]
}

const AT_ONCE = 32

/** `share`: as a shared folder leaves its state; else as the torrents that a profile lists do. */
export async function makeCrowd(folder: string, size: CrowdSize, share: boolean): Promise<Crowd> {
  const content = join(folder, 'content')
  const dataDir = join(folder, 'state')
  const state = share ? join(dataDir, 'shared') : dataDir
  await mkdir(content, { recursive: true })
  await mkdir(state, { recursive: true })
  const pool = new IoPool({ workers: 0, openFiles: 4 }, silentLogger)
  const maker = new Maker(content, state, size, new FileStorageFactory(pool, undefined))
  const files: string[] = Array.from<string>({ length: size.torrents })
  let next = 0
  const work = async (): Promise<void> => {
    for (let n = next++; n < size.torrents; n = next++) files[n] = await maker.make(n)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  await pool.close()
  return { content, state: dataDir, files }
}

class Maker {
  private readonly pieces: Uint8Array
  private readonly disk = new NodeFileSystem()

  constructor(
    private readonly content: string,
    private readonly state: string,
    private readonly size: CrowdSize,
    private readonly storages: FileStorageFactory,
  ) {
    const digest = createHash('sha1').update(new Uint8Array(size.pieceLength)).digest()
    this.pieces = new Uint8Array(size.pieces * 20)
    for (let piece = 0; piece < size.pieces; piece++) this.pieces.set(digest, piece * 20)
  }

  /** One to four files. */
  async make(n: number): Promise<string> {
    const { pieces, pieceLength } = this.size
    const name = `torrent-${String(n).padStart(5, '0')}`
    const count = (n % 4) + 1
    const part = Math.floor((pieces * pieceLength) / count)
    const last = pieces * pieceLength - part * (count - 1)
    const files = Array.from({ length: count }, (_, i) => ({
      path: [`part-${i + 1}.bin`],
      length: i === count - 1 ? last : part,
    }))
    await mkdir(join(this.content, name), { recursive: true })
    for (const file of files) {
      const made = await open(join(this.content, name, ...file.path), 'w')
      await made.truncate(file.length)
      await made.close()
    }
    const info = buildInfo({ name, pieceLength, pieces: this.pieces, content: files })
    const path = join(this.state, `${name}.torrent`)
    await writeFile(path, buildTorrent({ info }))
    await writeFile(
      join(this.state, `${name}.facts`),
      contentFacts(name, await this.disk.walk(join(this.content, name))),
    )
    await this.remember(buildTorrent({ info }))
    return path
  }

  private async remember(torrent: Uint8Array): Promise<void> {
    const { infoHash, geometry, files } = parseMetainfo(torrent)
    const spec = { folder: this.content, infoHash, geometry, files }
    const storage = await this.storages.open(spec, new AbortController().signal)
    const flushed = new Bitfield(geometry.pieceCount)
    flushed.fill()
    const rest = { uploaded: 0, downloaded: 0, seedingMs: 0, complete: true, moved: null }
    const state = { flushed, stamp: await storage.stamp(), ...rest, clean: true }
    await storage.close()
    await writeFile(join(this.state, `${toHex(infoHash)}.resume`), encodeResume(state, infoHash))
  }
}
