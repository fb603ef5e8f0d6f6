// A folder of which every entry is a torrent. Each .torrent is kept in dataDir/shared beside the sizes and times it was
// made from, and an entry is hashed again only when these change.
import { equalBytes } from '../../core/base/bytes.js'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import { Seats } from '../../core/base/seats.js'
import type { FileFact } from '../../core/contracts/host.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { buildTorrent } from '../../core/protocol/metainfo-builder.js'
import { planTorrent, assembleTorrent } from '../../core/protocol/torrent-plan.js'
import { contentFacts } from './content-facts.js'
import { clientErrors } from './errors.js'
import type { ClientParts } from './session-parts.js'
import { writeSample } from './share-sample.js'

/** The .torrent files are for other programs, whoever runs them. */
const FOR_OTHERS = { forOthers: true }

const LOOKED_AT_ONCE = 8

export interface SharedEntry {
  readonly name: string
  /** The .torrent, and where it lies. */
  readonly torrent: Uint8Array
  readonly file: string
  /** It was hashed just now, and did not change meanwhile. */
  readonly made: boolean
}

export class ShareFolder {
  private readonly looking = new Seats(LOOKED_AT_ONCE)
  /** What is hashed is hashed one after the other. */
  private readonly hashing = new Seats(1)

  constructor(
    private readonly parts: ClientParts,
    private readonly folder: string,
    private readonly announce: ReadonlyArray<readonly string[]>,
    private readonly warn: (error: NodeError) => void,
  ) {}

  async read(signal: AbortSignal): Promise<readonly SharedEntry[]> {
    const { files, config, dataDir } = this.parts
    if (config.sampleShare && (await files.stat(this.folder)) === null) await writeSample(files, this.folder)
    if ((await files.stat(this.folder)) === null) {
      throw clientErrors.make('ERR_CLIENT_NO_TORRENT', `client.share: there is no folder ${this.folder}`)
    }
    await files.makeDir(`${dataDir}/shared`)
    const names = (await files.list(this.folder)).filter(name => !name.startsWith('.'))
    const fileNames = fileNamesFor(names)
    const found = names.map((name, i) => this.inTurn(name, fileNames[i] ?? name, signal))
    return (await Promise.all(found)).filter(entry => entry !== null)
  }

  /** null: it is not shared, and why is told. */
  private async inTurn(name: string, fileName: string, signal: AbortSignal): Promise<SharedEntry | null> {
    await this.looking.take()
    try {
      return signal.aborted ? null : await this.entry(name, fileName, signal)
    } catch (error) {
      const message = `${name} is not shared: ${messageOf(error)}`
      if (!signal.aborted) this.warn(clientErrors.make('ERR_CLIENT_NO_TORRENT', message, { cause: error }))
      return null
    } finally {
      this.looking.leave()
    }
  }

  private async entry(name: string, fileName: string, signal: AbortSignal): Promise<SharedEntry> {
    const { files, dataDir } = this.parts
    const path = `${this.folder}/${name}`
    const file = `${dataDir}/shared/${fileName}.torrent`
    const factsFile = `${dataDir}/shared/${fileName}.facts`
    const found = await files.walk(path)
    const text = contentFacts(name, found)
    const facts = new TextEncoder().encode(text)
    const kept = await this.kept(file, factsFile, facts)
    const torrent = kept ?? (await this.make(path, name, found, signal))
    const before = (await files.stat(file)) === null ? null : await files.read(file)
    if (before === null || !equalBytes(before, torrent)) await files.writeAtomic(file, torrent, FOR_OTHERS)
    if (kept === null) await files.writeAtomic(factsFile, facts)
    const made = kept === null && contentFacts(name, await files.walk(path)) === text
    return { name, torrent, file, made }
  }

  private async make(path: string, name: string, found: readonly FileFact[], signal: AbortSignal): Promise<Uint8Array> {
    const plan = planTorrent(found, name)
    await this.hashing.take()
    try {
      signal.throwIfAborted()
      const pieces = await this.parts.hashing.digests(found, path, plan.pieceLength, () => {}, signal)
      return assembleTorrent(plan, pieces, { trackers: this.announce }).bytes
    } finally {
      this.hashing.leave()
    }
  }

  /** Made before, if the content is as it was then; with the trackers of today. */
  private async kept(file: string, factsFile: string, facts: Uint8Array): Promise<Uint8Array | null> {
    const { files } = this.parts
    if ((await files.stat(file)) === null || (await files.stat(factsFile)) === null) return null
    if (!equalBytes(await files.read(factsFile), facts)) return null
    try {
      return buildTorrent({ info: parseMetainfo(await files.read(file)).rawInfo, trackers: this.announce })
    } catch {
      return null
    }
  }
}

/** Without spaces or anything a shell would trip over; a number keeps names apart that become equal. */
function fileNamesFor(names: readonly string[]): readonly string[] {
  const plain = names.map(name => name.replaceAll(/[^A-Za-z0-9._-]/g, '_'))
  const twins = new Map<string, number>()
  for (const name of plain) twins.set(name, (twins.get(name) ?? 0) + 1)
  const seen = new Map<string, number>()
  return plain.map(name => {
    if (twins.get(name) === 1) return name
    const number = (seen.get(name) ?? 0) + 1
    seen.set(name, number)
    return `${name}-${number}`
  })
}
