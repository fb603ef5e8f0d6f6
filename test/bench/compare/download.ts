// Download, verify and write what one fast peer serves: from the first request that peer gets to the last block it sends,
// and the whole command. What was downloaded is compared with the content, byte for byte.
import path from 'node:path'
import { Child } from '../child.js'
import { sameFile } from '../content.js'
import { lonePeer } from '../lone-peer-process.js'
import { freePort } from '../../interop/programs.js'
import { contentUnits, type Measurement, perGiB, type Setting } from './measurement.js'
import { OnePeerTracker } from './one-peer-tracker.js'

const TIMEOUT_MS = 120_000
const PEER_MS = 60_000

export const download: Measurement = {
  name: 'download',
  what: 'downloaded, verified and written, from the first request to the last block sent',
  units: contentUnits,
  able: system => system.get !== undefined,

  async measure(setting: Setting) {
    const { scratch, systems, runs } = setting
    const content = await setting.content()
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
        if (code !== 0) {
          setting.failed(system, `exit ${code}; ${child.said}`)
          continue
        }
        const { mbPerSecond } = await peer.line('served', PEER_MS)
        const same = sameFile(path.join(into, content.name), content.path)
        if (same) setting.done(system, { rate: Number(mbPerSecond), seconds, cpu: perGiB(cpuSeconds, content), memory })
        else setting.failed(system, 'what it downloaded is not the content')
      }
    }
    scratch.folder('into')
    tracker.close()
    await peer.stop()
  },
}
