import type { Place } from '../places.js'
import { onPath, type Program } from '../programs.js'
import type { ForeignClient } from './client.js'

const words = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--file-allocation=none']
const quiet = ['--summary-interval=0', '--console-log-level=notice', '--show-console-readout=false']

async function run(at: Place, source: string, folder: string, more: readonly string[]): Promise<Program> {
  const place = [`--dir=${folder}`, `--listen-port=${await at.port()}`]
  return at.start('aria2c', [...words, ...quiet, ...place, ...more, source], { cwd: folder })
}

export const aria2: ForeignClient = {
  name: 'aria2',
  missing: onPath('aria2c') === null ? 'aria2' : null,
  loopback: true,
  emptyFiles: true,
  seed: (at, torrent, folder) => run(at, torrent, folder, ['--check-integrity=true', '--seed-ratio=0']),
  async get(at, source, folder) {
    const program = await run(at, source, folder, ['--seed-time=0'])
    await program.done()
  },
}
