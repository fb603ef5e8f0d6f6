// Make a .torrent of content that is in memory: the whole command.
import fs from 'node:fs'
import { toHex } from '../../../core/base/bytes.js'
import { parseMetainfo } from '../../../core/protocol/metainfo.js'
import { Child } from '../child.js'
import { type Measurement, RoundBook, type Setting } from './measurement.js'

const TIMEOUT_MS = 120_000

export const create: Measurement = {
  name: 'create',
  what: 'MB/s hashed into a .torrent, whole command',
  able: system => system.create !== undefined,

  async measure(setting: Setting) {
    const { content, scratch, systems, runs, tell } = setting
    const book = new RoundBook(setting)
    const target = scratch.at('made.torrent')
    const truth = piecesOf(content.torrent)
    for (let run = 0; run < runs; run++) {
      for (const system of systems) {
        fs.rmSync(target, { force: true })
        const command = system.create?.({ content, target })
        if (command === undefined) continue
        const child = Child.start(command)
        const { code, seconds, cpuSeconds, memory } = await child.outcome(TIMEOUT_MS)
        const right = code === 0 && piecesOf(target) === truth
        if (right) book.add(system, { mbPerSecond: content.bytes / seconds / 1e6, seconds }, cpuSeconds, memory)
        else tell(`  ${system.name}: run ${run + 1} failed: exit ${code}; ${child.said}`)
      }
    }
    return book.all
  },
}

/** All digests; null where there is no such .torrent. */
function piecesOf(torrent: string): string | null {
  return fs.existsSync(torrent) ? toHex(parseMetainfo(fs.readFileSync(torrent)).pieces) : null
}
