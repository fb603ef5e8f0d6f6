import type { Command } from 'commander'
import { toHex } from '../../base/bytes.js'
import { messageOf, NodeError } from '../../base/errors.js'
import { TrackerClients, type TrackerClient } from '../../contracts/tracker-client.js'
import type { NamedRegistry } from '../../kernel/plugin.js'
import { maskUrl } from '../../protocol/tracker-url.js'
import { example } from '../command.js'
import { cliErrors } from '../errors.js'
import { counted } from '../quantity.js'
import type { ScrapeJob } from '../scrape-plan.js'
import type { Shell } from '../shell.js'

const TIMEOUT_MS = 20_000

export function register(program: Command, shell: Shell): void {
  program
    .command('scrape')
    .description('ask trackers for seeders, leechers and downloads')
    .argument('<what...>', '.torrent files, or the URL of a tracker and info-hashes')
    .usage('[options] FILE... | URL HASH...')
    .addHelpText(
      'after',
      example('shoal scrape movie.torrent', 'shoal scrape udp://tracker.example:6969/announce HASH'),
    )
    .action(async (what: readonly string[]) => {
      const { scrapePlan } = await import('../scrape-plan.js')
      const jobs = await scrapePlan(what, shell.workingDir)
      if (jobs.every(job => job.hashes.length === 0)) throw cliErrors.make('ERR_USAGE', 'name at least one info-hash')
      const trackers = await scrapeAll(jobs, shell)
      const ok = trackers.some(tracker => tracker.error === null)
      if (!ok) shell.exitCode = 4
      shell.result({ ok, trackers }, trackers.map(asText).join('\n'))
    })
}

interface Outcome {
  readonly url: string
  readonly error: string | null
  readonly torrents: ReadonlyArray<
    Readonly<Record<'seeders' | 'leechers' | 'downloads', number>> & { infoHash: string }
  >
}

async function scrapeAll(jobs: readonly ScrapeJob[], shell: Shell): Promise<readonly Outcome[]> {
  const { startNode } = await import('../node.js')
  const plugins = ['host-node', 'announce-http', 'announce-udp'].map(name => ({ use: `builtin:${name}` }))
  const profile = { name: 'the profile of "shoal scrape"', folder: shell.workingDir, content: { plugins } }
  const node = await startNode(profile, { log: shell.level ?? 'warn', ...shell.logForm })
  try {
    const clients = node.find(TrackerClients)
    return await Promise.all(jobs.map(job => scrapeOne(clients, job)))
  } finally {
    await node.stop()
  }
}

async function scrapeOne(clients: NamedRegistry<TrackerClient>, { url, hashes }: ScrapeJob): Promise<Outcome> {
  const { systemClock } = await import('../host.js')
  const late = new AbortController()
  const timeout = cliErrors.make('ERR_SCRAPE_TIMEOUT', `no answer within ${TIMEOUT_MS / 1000} s`)
  const timer = systemClock.after(TIMEOUT_MS, () => late.abort(timeout))
  const masked = maskUrl(url)
  try {
    const scheme = url.protocol.slice(0, -1)
    if (!clients.has(scheme)) return { url: masked, error: `${scheme} trackers cannot be asked`, torrents: [] }
    const counts = await clients.get(scheme).scrape(url, hashes, late.signal)
    const torrents = hashes.map((hash, i) => {
      const { seeders = 0, leechers = 0, completed = 0 } = counts[i] ?? {}
      return { infoHash: toHex(hash), seeders, leechers, downloads: completed }
    })
    return { url: masked, error: null, torrents }
  } catch (error) {
    if (NodeError.is(error) && error.blame === 'defect') throw error
    return { url: masked, error: late.signal.aborted ? timeout.message : messageOf(error), torrents: [] }
  } finally {
    timer.cancel()
  }
}

function asText({ url, error, torrents }: Outcome): string {
  const rows = torrents.map(
    ({ infoHash, seeders, leechers, downloads }) =>
      `  ${infoHash}  ${counted(seeders, 'seeder')}, ${counted(leechers, 'leecher')}, ${counted(downloads, 'download')}`,
  )
  const said = error === null || error.startsWith(url) ? (error ?? url) : `${url}: ${error}`
  return [said, ...rows].join('\n')
}
