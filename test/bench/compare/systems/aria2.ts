import { found, versionOf } from '../installed.js'
import type { System } from '../system.js'

const alone = ['-q', '--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--disk-cache=64M']

/** It knows no option that names a peer: a tracker has to. */
export const aria2: System = {
  name: 'aria2',
  missing: found('aria2c') ? null : 'aria2c is not on PATH: install aria2',
  version: versionOf('aria2c', '--version'),
  get: ({ content, into, tracker, ownPort }) => {
    const place = [`--bt-tracker=${tracker}`, `--dir=${into}`, `--listen-port=${ownPort}`]
    return { words: ['aria2c', ...alone, '--seed-time=0', '--file-allocation=none', ...place, content.torrent] }
  },
  seed: ({ content, port }) => {
    const place = [`--dir=${content.folder}`, `--listen-port=${port}`]
    return { words: ['aria2c', ...alone, '--seed-ratio=0', '--check-integrity=true', ...place, content.torrent] }
  },
  pipeline: 200,
}
