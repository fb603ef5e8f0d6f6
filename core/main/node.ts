// A node in this process, from a profile: what a program that embeds one calls, and what the command line is built on.
import type { LogLevel } from '../base/log.js'
import { MetricSources } from '../contracts/metrics.js'
import { Api } from '../contracts/node-api.js'
import { TrackerServers } from '../contracts/tracker.js'
import { createKernel, type InlineProfile, type Kernel, type KernelOptions, type Part } from '../kernel/kernel.js'
import { createSystem } from './host.js'

export interface NodeSettings extends Pick<KernelOptions, 'set' | 'given' | 'afterSetUp' | 'onFailure'> {
  /** Over what the profile says. */
  readonly log?: LogLevel
  /** Log lines for people instead of JSON, and in colour; by default neither. */
  readonly pretty?: boolean
  readonly color?: boolean
  /** Called before each line of the log is written. */
  beforeLog?(): void
}

/** A kernel over the real world, with its profile loaded, checked and linked. Nothing has been started. */
export async function loadNode(profile: string | InlineProfile, settings: NodeSettings = {}): Promise<Kernel> {
  const { log, pretty = false, color = false, beforeLog = () => {}, ...rest } = settings
  const { log: lines, ...system } = await createSystem({ level: log ?? 'info', pretty, color, beforeLog })
  const kernel = createKernel({ ...system, ...rest, profile, asked: [Api, MetricSources, TrackerServers] })
  await kernel.load()
  if (log === undefined) lines.setLevel(kernel.profile.node.log)
  return kernel
}

/** The plugins of a profile, with their manifests, even where options are faulty or something is missing. */
export async function describeProfile(profile: string): Promise<readonly Part[]> {
  const { log: _, ...system } = await createSystem({ level: 'silent', pretty: false, color: false })
  const kernel = createKernel({ ...system, profile })
  try {
    await kernel.load()
  } catch (error) {
    if (kernel.plugins.length === 0) throw error
  }
  return kernel.plugins
}

/** Starts the node of a profile. `kernel.find(Api)` is its face; `kernel.stop()` ends it. Signals are the caller's. */
export async function startNode(profile: string | InlineProfile, settings: NodeSettings = {}): Promise<Kernel> {
  const kernel = await loadNode(profile, settings)
  await kernel.start()
  return kernel
}
