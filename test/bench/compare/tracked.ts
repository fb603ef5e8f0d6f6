// A tracker that runs on a core of its own, and the load for it on the other.
import fs from 'node:fs'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../interop/programs.js'
import { Child, type Command, type Memory } from '../child.js'
import { busySeconds } from '../machine.js'
import { LOAD_CORE, pinned, SERVER_CORE } from '../pinned.js'
import { listens } from './listens.js'
import type { HttpLoadPlan, HttpLoadReport } from '../http-load.js'
import type { UdpLoadPlan, UdpLoadReport } from '../udp-load.js'
import type { Scratch } from '../scratch.js'
import type { Round } from './measurement.js'
import type { System, TrackJob } from './system.js'

const START_MS = 20_000
/** Beyond the seconds of a load: its start, and its last answers. */
const MARGIN_MS = 30_000
/** Until it does nothing of its own any more. */
const SETTLE_MS = 500

export interface Tracked {
  readonly child: Child
  readonly port: number
}

/** Without a core of its own. */
interface Sharing {
  readonly shared?: boolean
}

/** Until `work` is done. */
export async function tracked<T>(
  system: System,
  scratch: Scratch,
  { shared, ...job }: Omit<TrackJob, 'port' | 'folder'> & Sharing,
  work: (tracked: Tracked) => Promise<T>,
): Promise<T> {
  const port = await freePort()
  const folder = scratch.folder('tracker')
  // One of them gives its rights away before it reads what lies there.
  fs.chmodSync(scratch.path, 0o755)
  fs.chmodSync(folder, 0o755)
  const command = system.track?.({ port, folder, ...job })
  if (command === undefined) throw new Error(`${system.name} is no tracker`)
  // Nobody looks at it meanwhile: that would take its core while answers are timed.
  const child = Child.start(shared === true ? command : pinned(SERVER_CORE, command), { looking: false })
  try {
    if (!(await listens(child, port, START_MS))) throw new Error(`it does not listen: ${child.said}`)
    await passed(SETTLE_MS)
    return await work({ child, port })
  } finally {
    await child.stop()
  }
}

interface Load extends Sharing {
  readonly port: number
  readonly seconds: number
}

/** What the load saw, and cores that were busy meanwhile with something else than the load: the server, one hopes. */
export type Seen<Report> = Report & { readonly elsewhere: number }

/** A round of whatever answers announces: what the load saw, what the server took for it, and what only one wire has. */
export function roundOf(
  seen: Seen<HttpLoadReport | UdpLoadReport>,
  server: { readonly cpu: number; readonly memory: Memory },
  own: Readonly<Record<string, number>>,
): Round {
  return {
    rate: seen.answeredPerSecond,
    cpu: (1e6 * server.cpu) / seen.answered,
    memory: server.memory,
    more: {
      'a CPU second': seen.answered / server.cpu,
      'p50 ms': seen.p50Ms,
      'p99 ms': seen.p99Ms,
      'peers a reply': seen.peersPerReply,
      ...own,
      'load busy %': (100 * seen.cpuSeconds) / seen.seconds,
      'others busy %': 100 * (seen.elsewhere - server.cpu / seen.seconds),
    },
  }
}

export function udpLoad(plan: Partial<UdpLoadPlan> & Load): Promise<Seen<UdpLoadReport>> {
  return load('udp-load', plan) as Promise<Seen<UdpLoadReport>>
}

export function httpLoad(plan: Partial<HttpLoadPlan> & Load): Promise<Seen<HttpLoadReport>> {
  return load('http-load', plan) as Promise<Seen<HttpLoadReport>>
}

async function load(program: string, { shared, ...plan }: Load): Promise<object> {
  const file = fileURLToPath(new URL(`../${program}.js`, import.meta.url))
  const command: Command = { words: [process.execPath, file, JSON.stringify(plan)] }
  const child = Child.start(shared === true ? command : pinned(LOAD_CORE, command), { listening: true, looking: false })
  const before = busySeconds()
  const report = await child.line('sent', plan.seconds * 1000 + MARGIN_MS)
  const { cpuSeconds } = await child.outcome(MARGIN_MS)
  return { ...report, elsewhere: (busySeconds() - before - cpuSeconds) / Number(report['seconds']) }
}
