// Make a .torrent of content that is in memory: the whole command.
import fs from 'node:fs'
import { toHex } from '../../../core/base/bytes.js'
import { parseMetainfo } from '../../../core/protocol/metainfo.js'
import { Child } from '../child.js'
import { contentUnits, type Measurement, perGiB, type Setting } from './measurement.js'

const TIMEOUT_MS = 120_000

export const create: Measurement = {
  name: 'create',
  what: 'hashed into a .torrent, whole command',
  units: contentUnits,
  able: system => system.create !== undefined,

  async measure(setting: Setting) {
    const { scratch, systems, runs } = setting
    const content = await setting.content()
    const target = scratch.at('made.torrent')
    const truth = piecesOf(content.torrent)
    for (let run = 0; run < runs; run++) {
      for (const system of systems) {
        fs.rmSync(target, { force: true })
        const command = system.create?.({ content, target })
        if (command === undefined) continue
        const child = Child.start(command)
        const { code, seconds, cpuSeconds, memory } = await child.outcome(TIMEOUT_MS)
        const rate = content.bytes / seconds / 1e6
        if (code !== 0) setting.failed(system, `exit ${code}; ${child.said}`)
        else if (piecesOf(target) !== truth) setting.failed(system, 'its digests are not those of the content')
        else setting.done(system, { rate, seconds, cpu: perGiB(cpuSeconds, content), memory })
      }
    }
  },
}

/** All digests; null where there is no such .torrent. */
function piecesOf(torrent: string): string | null {
  return fs.existsSync(torrent) ? toHex(parseMetainfo(fs.readFileSync(torrent)).pieces) : null
}
