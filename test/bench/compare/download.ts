// Download, verify and write what one fast peer serves: from the first request that peer gets to the last, and the whole
// command. What was downloaded is compared with the content, byte for byte.
import path from 'node:path'
import { Child } from '../child.js'
import { sameFile } from '../content.js'
import { lonePeer } from '../lone-peer-process.js'
import { freePort } from '../../interop/programs.js'
import { type Measurement, RoundBook, type Setting } from './measurement.js'
import { OnePeerTracker } from './one-peer-tracker.js'

const TIMEOUT_MS = 120_000
const PEER_MS = 60_000

export const download: Measurement = {
  name: 'download',
  what: 'MB/s downloaded, verified and written, from first to last request',
  able: system => system.get !== undefined,

  async measure(setting: Setting) {
    const { content, scratch, systems, runs, tell } = setting
    const book = new RoundBook(setting)
    const peer = lonePeer({ role: 'seed', path: content.path, pieceLength: content.pieceLength })
    const peerPort = Number((await peer.line('port', PEER_MS))['port'])
    const tracker = await OnePeerTracker.open(peerPort)
    for (let run = 0; run < runs; run++) {
      for (const system of systems) {
        const into = scratch.folder('into')
        const state = scratch.folder('state')
        const command = system.get?.({
          content,
          into,
          peerPort,
          tracker: tracker.url,
          ownPort: await freePort(),
          state,
        })
        if (command === undefined) continue
        const child = Child.start(command)
        const { code, seconds, cpuSeconds, memory } = await child.outcome(TIMEOUT_MS)
        const served = await peer.line('served', PEER_MS)
        const same = sameFile(path.join(into, content.name), content.path)
        if (code === 0 && same)
          book.add(system, { mbPerSecond: Number(served['mbPerSecond']), seconds }, cpuSeconds, memory)
        else
          tell(
            `  ${system.name}: run ${run + 1} failed: ${same ? '' : 'not the same bytes; '}exit ${code}; ${child.said}`,
          )
      }
    }
    scratch.folder('into')
    tracker.close()
    await peer.stop()
    return book.all
  },
}
