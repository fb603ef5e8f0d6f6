// What thousands of torrents that nobody wants just now cost a node: its start from resume, its memory over a node that has none, its idle time, its stop, and a download beside them. Each node is a process of its
// own that may have 1,024 files open.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createRandom } from '../../core/base/random.js'
import { machineHashing } from '../../core/main/host-parts.js'
import { assembleTorrent, planTorrent } from '../../core/protocol/torrent-plan.js'
import { NodeFileSystem } from '../../plugins/host-node/file-system.js'
import { NodeProcess } from './node-process.js'
import { makeCrowd, type Crowd, type CrowdSize } from './torrent-crowd.js'

export interface CrowdCase extends CrowdSize {
  readonly name: string
  /** The torrents are entries of one shared folder; else the profile lists them one by one. */
  readonly share: boolean
  /** Each is announced to this tracker of the bench. */
  readonly announce: 'none' | 'udp' | 'http'
  readonly idleSeconds: number
  /** Bytes of one torrent that is downloaded beside the others, and without them; 0: none. */
  readonly download: number
}

export type CrowdFacts = Readonly<Record<string, number>>

const KIB = 1024
const usual = { torrents: 5000, pieces: 64, pieceLength: 16 * KIB, share: false, idleSeconds: 30 } as const

export const crowdCases: readonly CrowdCase[] = [
  { ...usual, name: 'torrents: listed, no tracker', announce: 'none', download: 512 * KIB * KIB },
  { ...usual, name: 'torrents: listed, udp tracker', announce: 'udp', download: 0 },
  { ...usual, name: 'torrents: listed, http tracker', announce: 'http', download: 0 },
  { ...usual, name: 'torrents: shared folder', share: true, announce: 'none', download: 0 },
  {
    ...usual,
    name: 'torrents: listed, 1,000 pieces each',
    pieces: 1000,
    pieceLength: KIB,
    announce: 'none',
    download: 0,
  },
]

/** Makes the torrents in a folder of its own (below `SHOAL_BENCH_DIR`, or where the system keeps such), and runs them. */
export async function measureCrowd(crowdCase: CrowdCase): Promise<CrowdFacts> {
  const folder = await mkdtemp(join(process.env['SHOAL_BENCH_DIR'] ?? tmpdir(), 'shoal-crowd-'))
  try {
    return await new CrowdRun(folder, crowdCase).run()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

class CrowdRun {
  constructor(
    private readonly folder: string,
    private readonly wanted: CrowdCase,
  ) {}

  async run(): Promise<CrowdFacts> {
    const crowd = await makeCrowd(this.folder, this.wanted, this.wanted.share)
    const tracker = new NodeProcess(['track', '--http', '127.0.0.1:0', '--udp', '127.0.0.1:0'])
    const { announce } = await tracker.row('ready')
    const urls = Array.isArray(announce) ? announce.map(String) : []
    try {
      const empty = await this.empty()
      return { ...(await this.crowded(crowd, urls, empty)), ...(await this.downloads(crowd, urls)) }
    } finally {
      await tracker.stop()
    }
  }

  private async empty(): Promise<number> {
    const node = await this.start('empty', [], [])
    await node.row('ready')
    const bytes = await node.settledBytes()
    await node.stop()
    return bytes
  }

  private async crowded(crowd: Crowd, urls: readonly string[], empty: number): Promise<CrowdFacts> {
    const { torrents, announce, idleSeconds } = this.wanted
    const node = await this.start(
      'crowd',
      crowd,
      urls.filter(url => url.startsWith(`${announce}:`)),
    )
    await node.until(() => node.count('torrent') === torrents)
    const startMs = node.age
    const startCpu = node.cpuMs()
    if (announce !== 'none') await node.until(() => node.count('announce') >= torrents)
    const announcedMs = announce === 'none' ? {} : { announcedMs: Math.round(node.age) }
    const bytes = node.bytes()
    const settled = await node.settledBytes()
    const before = node.cpuMs()
    await new Promise(resolve => setTimeout(resolve, idleSeconds * 1000))
    const idle = node.cpuMs() - before
    const stopMs = await node.stop()
    return {
      torrents,
      startMs: Math.round(startMs),
      startCpuMs: Math.round(startCpu),
      ...announcedMs,
      ...(announce === 'none' ? {} : { announceCpuMs: Math.round(before - startCpu) }),
      bytesEachUnsettled: Math.round((bytes - empty) / torrents),
      bytesEach: Math.round((settled - empty) / torrents),
      emptyBytes: empty,
      idleCpuPercent: Math.round((idle / (idleSeconds * 10)) * 100) / 100,
      stopMs: Math.round(stopMs),
    }
  }

  /** Seconds of a download alone, and of the same one in a node that has all the others too. */
  private async downloads(crowd: Crowd, urls: readonly string[]): Promise<CrowdFacts> {
    if (this.wanted.download === 0) return {}
    const tracker = urls.find(url => url.startsWith('udp:')) ?? ''
    const file = await this.content(tracker)
    const seeder = await this.start('seeder', { seeds: [{ path: join(this.folder, 'big.bin'), torrent: file }] }, [])
    await seeder.row('announce')
    const seconds = async (name: string, others: readonly string[]): Promise<number> => {
      const node = await this.start(name, { ...crowd, files: others }, [], { file, into: join(this.folder, name) })
      const done = await node.row('complete')
      await node.stop()
      return Number(done['seconds'])
    }
    const alone = await seconds('alone', [])
    const among = await seconds('among', crowd.files)
    await seeder.stop()
    return { aloneSeconds: alone, amongSeconds: among, amongToAlone: Math.round((alone / among) * 100) / 100 }
  }

  private async content(tracker: string): Promise<string> {
    const path = join(this.folder, 'big.bin')
    const bytes = new Uint8Array(this.wanted.download)
    const random = createRandom(5)
    const some = new Uint8Array(KIB * KIB)
    for (let at = 0; at < bytes.length; at += some.length) {
      random.fill(some)
      bytes.set(some.subarray(0, bytes.length - at), at)
    }
    await writeFile(path, bytes)
    const hashing = await machineHashing()
    const found = await new NodeFileSystem().walk(path)
    const plan = planTorrent(found, 'big.bin')
    const pieces = await hashing.digests(found, path, plan.pieceLength, () => {}, new AbortController().signal)
    const file = join(this.folder, 'big.torrent')
    await writeFile(file, assembleTorrent(plan, pieces, { trackers: [[tracker]] }).bytes)
    return file
  }

  private async start(
    name: string,
    what: Crowd | readonly never[] | { readonly seeds: readonly object[] },
    announceTo: readonly string[],
    also?: { readonly file: string; readonly into: string },
  ): Promise<NodeProcess> {
    const crowd = 'files' in what ? what : null
    const listed = crowd === null || this.wanted.share ? [] : crowd.files.map(file => ({ file, into: crowd.content }))
    const parts = ['host-node', 'transport-tcp', 'storage-file', 'selector-rarest-first', 'choke-tit-for-tat']
    const trackers = ['announce-http', 'announce-udp', 'discovery-tracker']
    const client = {
      listen: '127.0.0.1:0',
      announceTo,
      torrents: [...listed, ...(also === undefined ? [] : [also])],
      ...('seeds' in what ? { seeds: what.seeds } : {}),
      ...(crowd !== null && this.wanted.share && crowd.files.length > 0 ? { share: crowd.content } : {}),
    }
    const profile = {
      node: {
        dataDir: name === 'crowd' || name === 'among' ? join(this.folder, 'state') : join(this.folder, `state-${name}`),
      },
      plugins: [
        ...[...parts, ...trackers].map(part => ({ use: `builtin:${part}` })),
        { use: 'builtin:client', config: client },
      ],
    }
    await mkdir(this.folder, { recursive: true })
    const path = join(this.folder, `${name}.json`)
    await writeFile(path, JSON.stringify(profile, null, 1))
    return new NodeProcess(['start', path])
  }
}

async function main(): Promise<void> {
  const number = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { torrents: number, idleSeconds: number, download: number },
  })
  const over = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]))
  for (const one of crowdCases.filter(({ name }) => name.includes(positionals[0] ?? ''))) {
    process.stdout.write(`${JSON.stringify({ bench: one.name, ...(await measureCrowd({ ...one, ...over })) })}\n`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
