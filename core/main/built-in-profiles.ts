// The profiles that `track`, `seed` and `get` fill in: plain data, printed by --print-profile, so that a one-liner can
// grow into a file. Paths are absolute, so that the file may lie anywhere.
import { join } from 'node:path'
import type { Limits } from './options.js'

interface Entry {
  readonly use: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly critical?: boolean
}

export interface ProfileContent {
  readonly node: Readonly<Record<string, unknown>>
  readonly plugins: readonly Entry[]
}

const builtIn = (name: string, config?: Readonly<Record<string, unknown>>): Entry => ({
  use: `builtin:${name}`,
  ...(config === undefined ? {} : { config }),
})

/** Announces and scrapes a second that one network may make: more than any in a public swarm does of its own accord. */
const PUBLIC_RATE = 200

export interface TrackOptions {
  readonly http: string | undefined
  readonly udp: string | undefined
  /** Where metrics are served; true: where the plugin does by itself. */
  readonly metrics?: string | true | undefined
  readonly dataDir: string
}

export function trackerProfile({ http, udp, metrics, dataDir }: TrackOptions): ProfileContent {
  const both = http === undefined && udp === undefined
  const servers: Entry[] = []
  if (both || http !== undefined) servers.push(builtIn('tracker-http', { listen: http ?? '0.0.0.0:6969' }))
  if (both || udp !== undefined) {
    servers.push({ ...builtIn('datagrams-mmsg'), critical: true })
    servers.push(builtIn('tracker-udp', { listen: udp ?? '0.0.0.0:6969' }))
  }
  if (metrics !== undefined) {
    servers.push(builtIn('metrics-prometheus', metrics === true ? undefined : { listen: metrics }))
  }
  const tracker = builtIn('tracker', { ratePerPrefix: PUBLIC_RATE })
  const plugins = [builtIn('host-node'), builtIn('swarm-store-memory'), tracker, ...servers]
  return { node: { name: 'tracker', dataDir }, plugins }
}

export interface SeedOptions {
  readonly path: string
  readonly torrent: string | undefined
  readonly announce: readonly string[]
  /** undefined: 6881, or the next free one up to 6889. */
  readonly port: number | undefined
  readonly dataDir: string
  readonly limits: Limits
}

export function seederProfile({ path, torrent, announce, port, dataDir, limits }: SeedOptions): ProfileContent {
  const listen = port === undefined ? { listen: '0.0.0.0:6881', morePorts: 8 } : { listen: `0.0.0.0:${port}` }
  const seed = { path, ...(torrent === undefined ? {} : { torrent }), ...announced(announce) }
  const client = builtIn('client', { ...listen, seeds: [seed], ...named({ limits }) })
  return { node: { name: 'seeder', dataDir }, plugins: [...peerPlugins('rarest-first', undefined), client] }
}

export interface GetOptions {
  readonly torrent: string
  readonly into: string
  readonly peers: readonly string[]
  readonly announce: readonly string[]
  readonly selector: string
  readonly port: number
  /** Empty: all. */
  readonly files: readonly string[]
  readonly firstAndLast: boolean
  readonly limits: Limits
  /** When it has been seeded enough. */
  readonly goal: Readonly<Record<string, number>>
}

export function getterProfile(options: GetOptions): ProfileContent {
  const { torrent, into, peers, announce, selector, port, files, firstAndLast, limits, goal } = options
  const chosen = { ...(files.length === 0 ? {} : { files }), ...(firstAndLast ? { firstAndLast } : {}) }
  const torrents = [{ file: torrent, into, ...announced(announce), ...seedUntil(goal), ...chosen }]
  const known = builtIn('discovery-static', { peers })
  const client = builtIn('client', {
    listen: `0.0.0.0:${port}`,
    selector,
    torrents,
    ...named({ limits }),
  })
  const plugins = [...peerPlugins(selector, into), ...(peers.length === 0 ? [] : [known]), client]
  return { node: { name: 'get', dataDir: stateBelow(into) }, plugins }
}

/** Said of the one torrent, so that it holds for a private one too. */
function announced(urls: readonly string[]): { readonly announceTo?: readonly string[] } {
  return urls.length === 0 ? {} : { announceTo: urls }
}

function seedUntil(seedGoal: GetOptions['goal']): { readonly seedGoal?: GetOptions['goal'] } {
  return Object.keys(seedGoal).length === 0 ? {} : { seedGoal }
}

/** Nothing where the command line named no limit. */
function named(limited: { readonly limits: Limits }): { readonly limits?: Limits } {
  return Object.keys(limited.limits).length === 0 ? {} : limited
}

export function stateBelow(folder: string): string {
  return join(folder, '.shoal')
}

function peerPlugins(selector: string, root: string | undefined): Entry[] {
  return [
    builtIn('host-node'),
    builtIn('transport-tcp'),
    builtIn('storage-file', root === undefined ? undefined : { root }),
    builtIn(`selector-${selector}`),
    builtIn('choke-tit-for-tat'),
    builtIn('announce-http'),
    builtIn('announce-udp'),
    builtIn('discovery-tracker'),
  ]
}
