// Serve one fast peer content that has been served before: from the unchoke to the last block, of which that peer
// compares one in sixteen with the content. All systems run from first to last and idle while another one serves.
import net from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'
import { freePort } from '../../interop/programs.js'
import { Child } from '../child.js'
import { lonePeer } from '../lone-peer-process.js'
import { type Measurement, RoundBook, type Setting } from './measurement.js'
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
  what: 'MB/s served to one peer, from content that was served before',
  able: system => system.seed !== undefined,

  async measure(setting: Setting) {
    const { content, scratch, systems, runs, tell } = setting
    const book = new RoundBook(setting)
    const seeders: Seeder[] = []
    for (const system of systems) {
      const port = await freePort()
      const command = system.seed?.({ content, port, state: scratch.folder(`state-${system.name}`) })
      if (command === undefined) continue
      const child = Child.start(command)
      if (await listens(child, port)) seeders.push({ system, port, child })
      else {
        tell(`${system.name}: does not listen: ${child.said}`)
        await child.stop()
      }
    }
    // The first round warms whatever they cache.
    for (let run = 0; run <= runs; run++) {
      for (const { system, port, child } of seeders) {
        const before = child.cpuSeconds
        const peer = lonePeer({ role: 'leech', port, pipeline: system.pipeline ?? PIPELINE, ...content })
        try {
          const { mbPerSecond } = await peer.line('mbPerSecond', TIMEOUT_MS)
          if (run > 0) book.add(system, { mbPerSecond: Number(mbPerSecond) }, child.cpuSeconds - before, child.memory)
        } catch (error) {
          tell(`  ${system.name}: run ${run} failed: ${error instanceof Error ? error.message : ''} ${child.said}`)
        }
        await peer.stop()
      }
    }
    await Promise.all(seeders.map(({ child }) => child.stop()))
    return book.all
  },
}

/** Whether it takes connections before it ends or the time is up. */
async function listens(child: Child, port: number): Promise<boolean> {
  const end = performance.now() + START_MS
  while (child.running && performance.now() < end) {
    if (await answers(port)) return true
    await passed(50)
  }
  return false
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
