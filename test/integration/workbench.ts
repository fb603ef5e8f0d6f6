// A folder for one test, nodes that live in this process, and torrents of seeded bytes; all gone at the end.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { toHex } from '../../core/base/bytes.js'
import { createRandom } from '../../core/base/random.js'
import { Api, type NodeApi, type NodeEvent } from '../../core/contracts/node-api.js'
import type { Given, Kernel } from '../../core/kernel/kernel.js'
import { startNode } from '../../core/main/node.js'
import { buildInfo, buildTorrent } from '../../core/protocol/metainfo-builder.js'
import { parseMetainfo, type Metainfo } from '../../core/protocol/metainfo.js'

export interface MadeFile {
  readonly path: readonly string[]
  readonly bytes: Uint8Array
}

export interface Made {
  /** Where the .torrent lies. */
  readonly file: string
  readonly torrent: Uint8Array
  readonly metainfo: Metainfo
  readonly hash: string
  /** Below the folder it is downloaded to; without elements for the single file. */
  readonly files: readonly MadeFile[]
  /** All of it, end to end. */
  readonly content: Uint8Array
  /** The folder that holds a right copy. */
  readonly origin: string
}

export interface NodeWishes {
  readonly dataDir: string
  readonly client: Readonly<Record<string, unknown>>
  readonly peers?: readonly string[]
  /** Further entries, or others in place of the usual ones of that name. */
  readonly plugins?: ReadonlyArray<{ readonly use: string; readonly config?: unknown }>
  readonly without?: readonly string[]
  readonly given?: readonly Given[]
}

export class TestNode {
  readonly events: NodeEvent[] = []
  private heard: () => void = () => {}

  constructor(readonly kernel: Kernel) {}

  get api(): NodeApi {
    const api = this.kernel.find(Api)
    if (api === undefined) throw new Error('the node has no client')
    return api
  }

  get port(): number {
    return this.api.listening[0]?.port ?? 0
  }

  take(event: NodeEvent): void {
    this.events.push(event)
    this.heard()
  }

  count(event: string, code?: string): number {
    return this.events.filter(one => one.event === event && (code === undefined || one['code'] === code)).length
  }

  /** The first event of that name, from now or before. */
  async event(name: string, code?: string, timeoutMs = 20_000): Promise<NodeEvent> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.heard()
    }, timeoutMs)
    try {
      for (;;) {
        const found = this.events.find(one => one.event === name && (code === undefined || one['code'] === code))
        if (found !== undefined) return found
        if (late) throw new Error(`no event ${name} ${code ?? ''} among ${JSON.stringify(this.events)}`)
        await new Promise<void>(resolve => (this.heard = resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  stop(): Promise<void> {
    return this.kernel.stop()
  }
}

export class Workbench {
  readonly top = fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-it-'))
  private readonly nodes: TestNode[] = []
  private made = 0

  at(...elements: string[]): string {
    return path.join(this.top, ...elements)
  }

  /** Files with bytes that the seed tells, laid down in a folder of their own with a .torrent beside it. */
  make(name: string, sizes: number | Readonly<Record<string, number>>, pieceLength: number, seed = 1): Made {
    const random = createRandom(seed)
    const bytesOf = (length: number): Uint8Array => {
      const bytes = new Uint8Array(length)
      random.fill(bytes)
      return bytes
    }
    const files: readonly MadeFile[] =
      typeof sizes === 'number'
        ? [{ path: [name], bytes: bytesOf(sizes) }]
        : Object.entries(sizes).map(([at, length]) => ({ path: [name, ...at.split('/')], bytes: bytesOf(length) }))
    const content = Buffer.concat(files.map(file => file.bytes))
    const info = buildInfo({
      name,
      pieceLength,
      pieces: digestsOf(content, pieceLength),
      content:
        typeof sizes === 'number'
          ? sizes
          : files.map(file => ({ path: file.path.slice(1), length: file.bytes.length })),
    })
    const torrent = buildTorrent({ info })
    const metainfo = parseMetainfo(torrent)
    const origin = this.at(`origin-${++this.made}`)
    lay(origin, files)
    const file = this.at(`${this.made}.torrent`)
    fs.writeFileSync(file, torrent)
    return { file, torrent, metainfo, hash: toHex(metainfo.infoHash), files, content, origin }
  }

  async node({ dataDir, client, peers = [], plugins = [], without = [], given }: NodeWishes): Promise<TestNode> {
    const entry = (name: string, config?: unknown) => ({
      use: `builtin:${name}`,
      ...(config === undefined ? {} : { config }),
    })
    const usual = [
      entry('host-node'),
      entry('transport-tcp'),
      entry('storage-file'),
      entry('selector-rarest-first'),
      entry('choke-tit-for-tat'),
      entry('discovery-static', { peers }),
      entry('client', { listen: '127.0.0.1:0', ...client }),
    ]
    const replaced = new Set([...without.map(name => `builtin:${name}`), ...plugins.map(plugin => plugin.use)])
    const content = { node: { dataDir }, plugins: [...usual.filter(({ use }) => !replaced.has(use)), ...plugins] }
    let node: TestNode | undefined
    const kernel = await startNode(
      { name: 'the test', folder: this.top, content },
      {
        log: 'silent',
        ...(given === undefined ? {} : { given }),
        afterSetUp(early) {
          node = new TestNode(early)
          early.find(Api)?.observe(event => node?.take(event))
        },
      },
    )
    node ??= new TestNode(kernel)
    this.nodes.push(node)
    return node
  }

  seeder(made: Made, name = 'seeder'): Promise<TestNode> {
    return this.node({
      dataDir: this.at(`${name}-state`),
      client: { torrents: [{ file: made.file, into: made.origin }] },
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.splice(0).map(node => node.stop()))
    fs.rmSync(this.top, { recursive: true, force: true })
  }
}

export function lay(folder: string, files: readonly MadeFile[]): void {
  for (const file of files) {
    const at = path.join(folder, ...file.path)
    fs.mkdirSync(path.dirname(at), { recursive: true })
    fs.writeFileSync(at, file.bytes)
  }
}

/** Compares what lies in the folder with what should, by plain reads. */
export function same(folder: string, files: readonly MadeFile[]): boolean {
  return files.every(file => {
    const at = path.join(folder, ...file.path)
    return fs.existsSync(at) && fs.readFileSync(at).equals(file.bytes)
  })
}

/** Which pieces of a single file are right on disk, by hashing them here. */
export function piecesOnDisk(at: string, made: Made): ReadonlySet<number> {
  const right = new Set<number>()
  if (!fs.existsSync(at)) return right
  const bytes = fs.readFileSync(at)
  const { pieceCount, pieceLength } = made.metainfo.geometry
  for (let piece = 0; piece < pieceCount; piece++) {
    const part = bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength)
    const digest = made.metainfo.pieces.subarray(piece * 20, piece * 20 + 20)
    if (createHash('sha1').update(part).digest().equals(digest)) right.add(piece)
  }
  return right
}

function digestsOf(content: Uint8Array, pieceLength: number): Uint8Array {
  const digests: Uint8Array[] = []
  for (let at = 0; at < content.length; at += pieceLength) {
    digests.push(
      createHash('sha1')
        .update(content.subarray(at, at + pieceLength))
        .digest(),
    )
  }
  return Buffer.concat(digests)
}
