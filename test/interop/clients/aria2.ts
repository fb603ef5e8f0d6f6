import { join } from 'node:path'
import type { Place } from '../places.js'
import { onPath, type Program } from '../programs.js'
import type { ForeignClient } from './client.js'

const words = ['--enable-dht6=false', '--bt-enable-lpd=false', '--file-allocation=none']
const quiet = ['--summary-interval=0', '--console-log-level=notice', '--show-console-readout=false']

/** `dht`: it has UDP trackers only beside a DHT, which then knows no node to ask. */
export function aria2(dht = false): ForeignClient {
  const run = async (at: Place, source: string, folder: string, more: readonly string[]): Promise<Program> => {
    const port = await at.port()
    const node = dht ? [`--dht-listen-port=${port}`, `--dht-file-path=${join(folder, '.dht')}`] : ['--enable-dht=false']
    const place = [`--dir=${folder}`, `--listen-port=${port}`]
    return at.start('aria2c', [...words, ...quiet, ...node, ...place, ...more, source], { cwd: folder })
  }
  return {
    name: 'aria2',
    missing: onPath('aria2c') === null ? 'aria2' : null,
    loopback: true,
    emptyFiles: true,
    farewell: { signal: 'SIGINT' },
    seed: (at, torrent, folder) => run(at, torrent, folder, ['--check-integrity=true', '--seed-ratio=0']),
    async get(at, source, folder) {
      const program = await run(at, source, folder, ['--seed-time=0'])
      await program.done()
    },
  }
}
