// HTTP announces over 64 connections: 1,000 torrents, 50 peers a reply.
import { inTurn, type Measurement, remarkBusy, trackerUnits } from './measurement.js'
import { httpLoad, roundOf, tracked } from './tracked.js'

const SWARMS = 1000
const WRONG_PART = 0.001

export const httpMeasurements: readonly Measurement[] = [
  announces('http-keep-alive', 'one after the other on each', { keepAlive: true, pipeline: 1 }),
  announces('http-close', 'a connection for each', { keepAlive: false, pipeline: 1 }),
  announces('http-pipelined', 'eight on their way on each', { keepAlive: true, pipeline: 8 }),
]

function announces(
  name: string,
  how: string,
  plan: { readonly keepAlive: boolean; readonly pipeline: number },
): Measurement {
  return {
    name,
    what: `HTTP announces answered by one core, the load on another, over 64 connections: ${how}`,
    units: trackerUnits,
    able: system => system.track !== undefined,

    measure: setting =>
      inTurn(setting, system =>
        tracked(system, setting.scratch, { swarms: SWARMS }, async ({ child, port }) => {
          const before = child.cpuSeconds
          const seen = await httpLoad({ port, seconds: setting.seconds, swarms: SWARMS, ...plan })
          const cpu = child.cpuSeconds - before
          if (seen.wrong > WRONG_PART * seen.sent) throw new Error(`${seen.wrong} wrong of ${seen.sent}`)
          if (seen.answered === 0) throw new Error(`nothing was answered; ${seen.broken} connections broke`)
          remarkBusy(setting, system, seen)
          return roundOf(seen, { cpu, memory: child.memory }, { broken: seen.broken })
        }),
      ),
  }
}
