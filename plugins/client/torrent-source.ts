// Turns what the profile or a caller names into plans: .torrent files, content to seed, a folder that is shared.
import { toHex } from '../../core/base/bytes.js'
import { NodeError } from '../../core/base/errors.js'
import type { AddOptions } from '../../core/contracts/node-api.js'
import { parseMetainfo, refuseV2Only, type Metainfo } from '../../core/protocol/metainfo.js'
import { assembleTorrent, planTorrent } from '../../core/protocol/torrent-plan.js'
import { contentFacts } from './content-facts.js'
import { clientErrors } from './errors.js'
import type { ClientConfig } from './config.js'
import { askedChoice } from './file-wishes.js'
import type { ClientParts } from './session-parts.js'
import { ShareFolder } from './share-folder.js'
import type { TorrentOptions } from './torrent-options.js'
import type { TorrentWork } from './torrent-work.js'

/** Reads or makes what one entry of the profile stands for. */
export type SourceJob = (signal: AbortSignal) => Promise<readonly TorrentWork[]>

export interface SourceJobs {
  readonly listed: readonly SourceJob[]
  /** May have to hash what they stand for. */
  readonly made: readonly SourceJob[]
}

interface Work {
  readonly nameOnDisk?: string
  readonly stateFolder?: string
  readonly file?: string
  readonly made?: boolean
  readonly fetched?: boolean
  readonly options: TorrentOptions
}

export class TorrentSource {
  constructor(
    private readonly parts: ClientParts,
    private readonly warn: (error: NodeError) => void,
  ) {}

  /** Everything the profile names. */
  jobs(): SourceJobs {
    const { torrents, seeds, share } = this.parts.config
    const listed = torrents.map(({ file, ...options }) => async () => [await this.fromFile(file, { options })])
    const made = [
      ...seeds.map(entry => async (signal: AbortSignal) => [await this.fromContent(entry, signal)]),
      ...(share === undefined ? [] : [(signal: AbortSignal) => this.fromShare(share, signal)]),
    ]
    return { listed, made }
  }

  added(what: { readonly torrent: Uint8Array } | { readonly path: string }, options: AddOptions): Promise<TorrentWork> {
    if ('path' in what) return this.fromFile(what.path, { options })
    return Promise.resolve(this.plan(parseMetainfo(what.torrent), { options }))
  }

  private async fromFile(file: string, work: Work): Promise<TorrentWork> {
    if ((await this.parts.files.stat(file)) === null) {
      throw clientErrors.make('ERR_CLIENT_NO_TORRENT', `there is no file ${file}`, { details: { file } })
    }
    const bytes = await this.parts.files.read(file)
    try {
      return this.plan(parseMetainfo(bytes), { ...work, file })
    } catch (error) {
      if (!NodeError.is(error)) throw error
      const { code, blame, message, details } = error
      throw new NodeError(code, blame, `${file}: ${message}`, { cause: error, details: { ...details, file } })
    }
  }

  private async fromContent(
    { path, torrent, ...options }: ClientConfig['seeds'][number],
    signal: AbortSignal,
  ): Promise<TorrentWork> {
    if ((await this.parts.files.stat(path)) === null) {
      throw clientErrors.make('ERR_CLIENT_NO_TORRENT', `there is no ${path} to seed`, { details: { path } })
    }
    const { folder, nameOnDisk } = placeOf(path)
    const where = { nameOnDisk, fetched: false, options: { ...options, into: folder } }
    if (torrent !== undefined) return this.fromFile(torrent, where)
    const found = await this.parts.files.walk(path)
    const plan = planTorrent(found, nameOnDisk)
    const pieces = await this.parts.hashing.digests(found, path, plan.pieceLength, () => {}, signal)
    const { bytes, metainfo } = assembleTorrent(plan, pieces, { trackers: [...named(options), ...this.ownTrackers] })
    const file = `${this.parts.dataDir}/${toHex(metainfo.infoHash)}.torrent`
    await this.parts.files.writeAtomic(file, bytes, { forOthers: true })
    const after = await this.parts.files.walk(path)
    return this.plan(metainfo, { ...where, file, made: contentFacts('', after) === contentFacts('', found) })
  }

  private async fromShare(folder: string, signal: AbortSignal): Promise<readonly TorrentWork[]> {
    const share = new ShareFolder(this.parts, folder, this.ownTrackers, this.warn)
    const entries = await share.read(signal)
    return entries.map(entry =>
      this.plan(parseMetainfo(entry.torrent), {
        options: { into: folder },
        fetched: false,
        nameOnDisk: entry.name,
        file: entry.file,
        made: entry.made,
        // Apart from downloads: somebody may fetch beside this node, into this very folder, what it shares.
        stateFolder: `${this.parts.dataDir}/shared`,
      }),
    )
  }

  private plan(metainfo: Metainfo, work: Work): TorrentWork {
    const { config, storages, selectors, dataDir } = this.parts
    const { options } = work
    const storage = options.storage ?? config.storage
    const selector = options.selector ?? config.selector
    const folder = options.into ?? storages.get(storage).root ?? `${dataDir}/downloads`
    refuseV2Only(metainfo)
    // A name that nobody provides is told before anything is opened.
    selectors.get(selector)
    return {
      metainfo,
      folder,
      stateFolder: work.stateFolder ?? dataDir,
      ...(work.nameOnDisk === undefined ? {} : { nameOnDisk: work.nameOnDisk }),
      ...(work.file === undefined ? {} : { file: work.file }),
      made: work.made === true,
      fetched: work.fetched !== false,
      storage,
      selector,
      choice: askedChoice(metainfo, options, config),
      options,
      trackers: withOwn(metainfo.trackers, this.trackersFor(metainfo, options)),
    }
  }

  /** A private torrent keeps to its trackers: only what was said of it alone is added. */
  private trackersFor({ private: only, trackers }: Metainfo, options: TorrentOptions): Tiers {
    return only && trackers.length > 0 ? named(options) : [...named(options), ...this.ownTrackers]
  }

  /** One tier: with "self", HTTP and UDP are two doors of one tracker. */
  private get ownTrackers(): Tiers {
    const { announceTo } = this.parts.config
    if (announceTo !== 'self') return announceTo.map(url => [url])
    const urls = this.parts.trackers.flatMap(server => server.announceUrls)
    return urls.length === 0 ? [] : [urls]
  }
}

type Tiers = ReadonlyArray<readonly string[]>

function named({ announceTo = [] }: TorrentOptions): Tiers {
  return announceTo.map(url => [url])
}

/** An absolute path as a folder and a name in it. */
function placeOf(path: string): { readonly folder: string; readonly nameOnDisk: string } {
  const bare = path.replace(/[/\\]+$/, '')
  const cut = Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('\\'))
  return { folder: bare.slice(0, cut) || '/', nameOnDisk: bare.slice(cut + 1) }
}

/** The torrent's own tiers first; an address that stands in one already is not asked twice. */
function withOwn(tiers: Tiers, own: Tiers): Tiers {
  const known = new Set(tiers.flat())
  return [...tiers, ...own.map(tier => tier.filter(url => !known.has(url)))].filter(tier => tier.length > 0)
}
