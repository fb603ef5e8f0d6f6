// Trackers that torrents of tests go through: ours, and those of others.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place } from './places.js'
import { hasPackage, onPath, peersFolder, scriptWords } from './programs.js'
import { Shoal } from './shoal.js'

export interface RunningTracker {
  readonly http: string
  readonly udp: string
  stop(): Promise<void>
}

export interface TrackerKind {
  readonly name: string
  /** What to install, or null. */
  readonly missing: string | null
  /** `hashes`: what it is going to track, in hexadecimal. */
  start(at: Place, hashes: readonly string[]): Promise<RunningTracker>
}

export const ourTracker: TrackerKind = {
  name: 'our tracker',
  missing: null,
  async start(at) {
    const shoal = Shoal.start(at, ['track', '--http', `${at.host}:0`, '--udp', `${at.host}:0`])
    const { announce } = await shoal.event('ready')
    const urls = announce as readonly string[]
    const of = (scheme: string): string => urls.find(url => url.startsWith(scheme)) ?? ''
    return { http: of('http:'), udp: of('udp:'), stop: () => shoal.stop() }
  },
}

/** Debian builds it to track only what a list names. It gives up root, so its folder is open to all. */
export const opentracker: TrackerKind = {
  name: 'opentracker',
  missing: onPath('opentracker') === null ? 'opentracker' : null,
  async start(at, hashes) {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-opentracker-'))
    process.once('exit', () => rmSync(folder, { recursive: true }))
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, 'whitelist'), hashes.map(hash => `${hash}\n`).join(''))
    const port = `${await at.port()}`
    const words = ['-i', at.host, '-p', port, '-P', port, '-d', folder, '-w', 'whitelist', '-u', 'nobody']
    const program = at.start('opentracker', words)
    const http = `http://${at.host}:${port}/announce`
    await program.during(answered(at, `http://${at.host}:${port}/`, ''))
    return {
      http,
      udp: `udp://${at.host}:${port}/announce`,
      stop: () => program.stop(),
    }
  },
}

export const bittorrentTracker: TrackerKind = {
  name: 'bittorrent-tracker',
  missing: hasPackage('bittorrent-tracker') ? null : `npm's bittorrent-tracker in ${peersFolder}`,
  async start(at) {
    const [program, ...words] = scriptWords(
      `
      import { Server } from 'bittorrent-tracker'
      const server = new Server({ udp: true, http: true, ws: false, stats: false })
      server.on('warning', () => {})
      const [, host] = process.argv
      const hosts = { http: host, udp4: host, udp6: '::1' }
      server.listen(0, hosts, () => console.log('ports', server.http.address().port, server.udp.address().port, ''))`,
      [at.host],
    )
    const running = at.start(program, words, { cwd: peersFolder })
    await running.printed(/ports \d+ \d+ /)
    const [, http, udp] = /ports (\d+) (\d+) /.exec(running.output) ?? []
    return {
      http: `http://${at.host}:${http}/announce`,
      udp: `udp://${at.host}:${udp}`,
      stop: () => running.stop(),
    }
  },
}

/** Resolves once the tracker knows of a seeder of the torrent, or of a leecher. */
export function knows(at: Place, tracker: RunningTracker, infoHash: string, whom: 'seeder' | 'leecher'): Promise<void> {
  const query = infoHash.replaceAll(/../g, '%$&')
  const count = whom === 'seeder' ? '8:completei[1-9]' : '10:incompletei[1-9]'
  return answered(at, `${tracker.http.replace(/announce$/, 'scrape')}?info_hash=${query}`, count)
}

async function answered(at: Place, url: string, pattern: string): Promise<void> {
  const [program, ...words] = scriptWords(
    `
    const [, url, pattern] = process.argv
    for (;;) {
      const text = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(answer => answer.text(), () => null)
      if (text !== null && new RegExp(pattern).test(text)) break
      await new Promise(resolve => setTimeout(resolve, 50))
    }`,
    [url, pattern],
  )
  await at.start(program, words).done()
}
