// UDP announces (BEP 15): 1,000 torrents, 256 announces in flight from 8 addresses, 50 peers a reply.
import { inTurn, type Measurement, remarkBusy, trackerUnits } from './measurement.js'
import { roundOf, tracked, udpLoad } from './tracked.js'

const SWARMS = 1000
/** With fewer peers a reply a tracker does less than is asked of it. */
const LEAST_PEERS = 30
const WRONG_PART = 0.001

export const udp: Measurement = announces('udp', {})
export const udpDgram: Measurement = announces('udp-dgram', { io: 'dgram' })

function announces(name: string, job: { readonly io?: string }): Measurement {
  const io = job.io === undefined ? '' : `; Shoal with "io": "${job.io}"`
  return {
    name,
    what: `UDP announces answered by one core, the load on another${io}`,
    units: trackerUnits,
    able: system => system.track !== undefined,

    measure: setting =>
      inTurn(setting, system =>
        tracked(system, setting.scratch, { swarms: SWARMS, ...job }, async ({ child, port }) => {
          const before = child.cpuSeconds
          const seen = await udpLoad({ port, seconds: setting.seconds, swarms: SWARMS })
          const cpu = child.cpuSeconds - before
          if (seen.refused + seen.wrong > WRONG_PART * seen.sent)
            throw new Error(`${seen.refused} refused (${seen.refusal}), ${seen.wrong} wrong of ${seen.sent}`)
          if (seen.answered > 100 * SWARMS && seen.peersPerReply < LEAST_PEERS)
            throw new Error(`${seen.peersPerReply.toFixed(1)} peers a reply`)
          remarkBusy(setting, system, seen)
          return roundOf(seen, { cpu, memory: child.memory }, { 'lost %': (100 * seen.lost) / seen.sent })
        }),
      ),
  }
}
