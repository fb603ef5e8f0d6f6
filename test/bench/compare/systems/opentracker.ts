import fs from 'node:fs'
import path from 'node:path'
import { toHex } from '../../../../core/base/bytes.js'
import { hashOf } from '../../load/workload.js'
import { found } from '../installed.js'
import type { System } from '../system.js'

/** As Debian builds it, it serves a list of torrents. Started by root it gives its rights away and goes into the folder. */
export const opentracker: System = {
  name: 'opentracker',
  missing: found('opentracker') ? null : 'opentracker is not on PATH: install opentracker',
  version: '',
  track: ({ port, folder, swarms }) => {
    const list = path.join(folder, 'torrents')
    const lines = Array.from({ length: swarms }, (_, n) => `${toHex(hashOf(n))}\n`)
    fs.writeFileSync(list, lines.join(''), { mode: 0o644 })
    const inside = process.getuid?.() === 0 ? '/torrents' : list
    const at = ['-i', '127.0.0.1', '-p', String(port), '-P', String(port)]
    return { words: ['opentracker', ...at, '-d', folder, '-w', inside] }
  },
}
