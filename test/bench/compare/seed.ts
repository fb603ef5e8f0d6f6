// Serve one fast peer content that has been served before: from the unchoke to the last block, of which that peer
// compares one in sixteen with the content. All systems run from first to last and idle while another one serves.
import { setTimeout as passed } from 'node:timers/promises'
import { messageOf } from '../../../core/base/errors.js'
import { freePort } from '../../interop/programs.js'
import { Child } from '../child.js'
import { lonePeer } from '../lone-peer-process.js'
import { listens } from './listens.js'
import { contentUnits, type Measurement, perGiB, type Round, type Setting } from './measurement.js'
import type { System } from './system.js'

const TIMEOUT_MS = 90_000
const START_MS = 60_000
const PIPELINE = 512

interface Seeder {
  readonly system: System
  readonly port: number
  readonly child: Child
}

export const seed: Measurement = {
  name: 'seed',
  what: 'served to one peer, of content that was served before',
  units: contentUnits,
  able: system => system.seed !== undefined,

  async measure(setting: Setting) {
    const { scratch, systems, runs } = setting
    const content = await setting.content()
    const seeders: Seeder[] = []
    for (const system of systems) {
      const port = await freePort()
      const command = system.seed?.({ content, port, state: scratch.folder(`state-${system.name}`) })
      if (command === undefined) continue
      const child = Child.start(command)
      if (await listens(child, port, START_MS)) seeders.push({ system, port, child })
      else {
        setting.failed(system, `it does not listen: ${child.said}`)
        await child.stop()
      }
    }
    const serve = async ({ system, port, child }: Seeder): Promise<Round> => {
      const before = child.cpuSeconds
      const peer = lonePeer({ role: 'leech', port, pipeline: system.pipeline ?? PIPELINE, ...content })
      try {
        const { mbPerSecond } = await peer.line('mbPerSecond', TIMEOUT_MS)
        return { rate: Number(mbPerSecond), cpu: perGiB(child.cpuSeconds - before, content), memory: child.memory }
      } finally {
        await peer.stop()
      }
    }
    // A first round warms whatever they cache; some listen before they have looked at the content.
    for (const seeder of seeders) {
      const end = performance.now() + START_MS
      while (!(await succeeds(serve(seeder))) && seeder.child.running && performance.now() < end) await passed(100)
    }
    for (let run = 0; run < runs; run++) {
      for (const seeder of seeders) {
        try {
          setting.done(seeder.system, await serve(seeder))
        } catch (error) {
          setting.failed(seeder.system, `${messageOf(error)} ${seeder.child.said}`)
        }
      }
    }
    await Promise.all(seeders.map(({ child }) => child.stop()))
  },
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}
