// The cases of tracker-load: answer times at half load, more than can be answered, threads, and a node that also seeds.
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../interop/programs.js'
import { Child } from '../child.js'
import { tracked, type Tracked, udpLoad } from '../compare/tracked.js'
import { makeContent } from '../content.js'
import { LOAD_CORE, pinned } from '../pinned.js'
import { shoalTracker } from '../shoal-tracker.js'
import type { System, TrackJob } from '../compare/system.js'
import type { CrowdPlan } from '../cheap-crowd.js'
import type { Scratch } from '../scratch.js'

export type Figures = Readonly<Record<string, number>>

export interface CaseSetting {
  readonly system: System
  readonly scratch: Scratch
  /** Of each load. */
  readonly seconds: number
  readonly mib: number
  readonly job: Pick<TrackJob, 'io' | 'threads'>
}

export interface TrackerCase {
  readonly name: string
  readonly what: string
  readonly usualSeconds: number
  /** It needs more of a node than a tracker is. */
  readonly shoalAlone?: boolean
  run(setting: CaseSetting): Promise<Figures>
}

const SWARMS = 1000
/** Torrents stop to grow at 800 peers, however long a load is. */
const PORTS = 100
const MOST_WARM_SECONDS = 2
const OVERLOAD = 5
const SEED_RATE = '100 MB/s'
const PIECE = 1 << 20
const MOST_LEECH_WARM_SECONDS = 3
/** V8 compacts the heap of a process twice when it is eight seconds old, by five threads; whoever looks that long at answer times waits for it. */
const GROWN_SECONDS = 9

function warmSeconds(seconds: number): number {
  return Math.min(MOST_WARM_SECONDS, seconds / 2)
}

/** What it answers when asked without a pause, once it is warm. */
async function peakOf({ port }: Pick<Tracked, 'port'>, seconds: number): Promise<number> {
  await udpLoad({ port, seconds: warmSeconds(seconds), ports: PORTS })
  return (await udpLoad({ port, seconds, ports: PORTS })).answeredPerSecond
}

const halfLoad: TrackerCase = {
  name: 'half-load',
  what: 'answer times when half of what it can answer is asked, evenly',
  usualSeconds: 10,
  run: ({ system, scratch, seconds, job }) =>
    tracked(system, scratch, { swarms: SWARMS, ...job }, async server => {
      const peak = await peakOf(server, Math.min(seconds, 4))
      if (seconds >= GROWN_SECONDS) await passed(1000 * GROWN_SECONDS)
      const before = server.child.cpuSeconds
      const seen = await udpLoad({ port: server.port, seconds, ports: PORTS, rate: Math.round(peak / 2) })
      const cores = (server.child.cpuSeconds - before) / seen.seconds
      return {
        peakPerSecond: peak,
        offeredPerSecond: seen.offeredPerSecond,
        answeredPerSecond: seen.answeredPerSecond,
        p50Ms: seen.p50Ms,
        p99Ms: seen.p99Ms,
        maxMs: seen.maxMs,
        lost: seen.lost,
        wrong: seen.wrong + seen.refused,
        coresOfServer: cores,
        coresOfOthers: seen.elsewhere - cores,
      }
    }),
}

const overload: TrackerCase = {
  name: 'overload',
  what: `${OVERLOAD} times as much as it can answer`,
  usualSeconds: 60,
  run: ({ system, scratch, seconds, job }) =>
    tracked(system, scratch, { swarms: SWARMS, ...job }, async ({ child, port }) => {
      const peak = await peakOf({ port }, Math.min(seconds, 4))
      const before = child.residentNow
      const rate = Math.round(OVERLOAD * peak)
      const spent = child.cpuSeconds
      const seen = await udpLoad({ port, seconds, ports: PORTS, rate, segmented: true })
      const cores = (child.cpuSeconds - spent) / seen.seconds
      const after = await udpLoad({ port, seconds: warmSeconds(seconds), ports: PORTS })
      return {
        peakPerSecond: peak,
        timesPeakOffered: seen.offeredPerSecond / peak,
        answeredPerSecond: seen.answeredPerSecond,
        goodputOverPeak: seen.answeredPerSecond / peak,
        p50Ms: seen.p50Ms,
        p99Ms: seen.p99Ms,
        wrong: seen.wrong + seen.refused,
        afterwardsOverPeak: after.answeredPerSecond / peak,
        residentMiBBefore: before,
        residentMiBAfter: child.residentNow,
        coresOfServer: cores,
        coresOfOthers: seen.elsewhere - cores,
      }
    }),
}

const threads: TrackerCase = {
  name: 'threads',
  what: 'one thread and two, from 64 addresses; nothing has a core of its own',
  usualSeconds: 4,
  shoalAlone: true,
  async run({ system, scratch, seconds, job }) {
    const figures: Record<string, number> = {}
    for (const count of [1, 2]) {
      await tracked(
        system,
        scratch,
        { swarms: SWARMS, ...job, threads: count, shared: true },
        async ({ child, port }) => {
          await udpLoad({ port, seconds: warmSeconds(seconds), ports: PORTS, shared: true })
          const before = child.cpuSeconds
          const seen = await udpLoad({ port, seconds, ports: PORTS, sources: 64, shared: true })
          figures[`${count}: answeredPerSecond`] = seen.answeredPerSecond
          figures[`${count}: answeredPerCpuSecond`] = seen.answered / (child.cpuSeconds - before)
          figures[`${count}: coresOfServer`] = (child.cpuSeconds - before) / seconds
          figures[`${count}: coresOfLoad`] = seen.cpuSeconds / seen.seconds
          figures[`${count}: p99Ms`] = seen.p99Ms
          figures[`${count}: wrong`] = seen.wrong + seen.refused
        },
      )
    }
    return figures
  },
}

const whileSeeding: TrackerCase = {
  name: 'while-seeding',
  what: `a node that answers while it seeds to one peer, limited to ${SEED_RATE}`,
  usualSeconds: 8,
  shoalAlone: true,
  async run({ scratch, seconds, mib, job }) {
    const content = await makeContent(scratch.path, mib, PIECE)
    const seedPort = await freePort()
    const seeds = { path: content.path, torrent: content.torrent, port: seedPort, up: SEED_RATE }
    const node: System = {
      name: 'shoal',
      missing: null,
      version: '',
      track: ({ port, folder }) => shoalTracker({ port, folder, seeds, options: { 'tracker-udp': job } }),
    }
    const leechWarm = Math.min(MOST_LEECH_WARM_SECONDS, seconds)
    const plan: CrowdPlan = {
      role: 'leech',
      port: seedPort,
      peers: 1,
      infoHash: content.infoHash,
      pieceLength: content.pieceLength,
      totalLength: content.bytes,
      order: 'step',
      warm: leechWarm,
    }
    return tracked(node, scratch, { swarms: SWARMS }, async ({ child, port }) => {
      const alone = await peakOf({ port }, seconds)
      const seedingAlone = await leech({ ...plan, seconds: Math.min(seconds, 4) })
      const served = leech({ ...plan, seconds })
      served.catch(() => undefined)
      await passed(leechWarm * 1000)
      const before = child.cpuSeconds
      const seen = await udpLoad({ port, seconds, ports: PORTS })
      const cpu = child.cpuSeconds - before
      return {
        aloneAnsweredPerSecond: alone,
        answeredPerSecond: seen.answeredPerSecond,
        overAlone: seen.answeredPerSecond / alone,
        p50Ms: seen.p50Ms,
        p99Ms: seen.p99Ms,
        maxMs: seen.maxMs,
        seedingAloneMbPerSecond: seedingAlone,
        seedingMbPerSecond: await served,
        coresOfServer: cpu / seen.seconds,
        coresOfLoad: seen.cpuSeconds / seen.seconds,
        coresOfOthers: seen.elsewhere - cpu / seen.seconds,
        lost: seen.lost,
        wrong: seen.wrong + seen.refused,
      }
    })
  },
}

/** MB/s. */
async function leech(plan: CrowdPlan & { readonly seconds: number }): Promise<number> {
  const file = fileURLToPath(new URL('../cheap-crowd.js', import.meta.url))
  const child = Child.start(pinned(LOAD_CORE, { words: [process.execPath, file, JSON.stringify(plan)] }), {
    listening: true,
  })
  try {
    return Number((await child.line('mbPerSecond', 60_000 + plan.seconds * 1000))['mbPerSecond'])
  } finally {
    await child.stop()
  }
}

export const trackerCases: readonly TrackerCase[] = [halfLoad, whileSeeding, overload, threads]
