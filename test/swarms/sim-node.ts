// A whole node in a world: a real kernel with a profile of config/, in which the plugins that do I/O are exchanged for
// simulated ones.
import { readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Api } from '../../core/contracts/node-api.js'
import type { NodeApi, NodeEvent } from '../../core/contracts/node-api.js'
import { Probes } from '../../core/contracts/probe.js'
import { createKernel } from '../../core/kernel/kernel.js'
import type { Kernel } from '../../core/kernel/kernel.js'
import { Machine } from '../../core/sim/node.js'
import type { SimNode } from '../../core/sim/node.js'

type Options = Readonly<Record<string, unknown>>

export interface NodePlan {
  /** Of config/, without its ending. */
  readonly profile: string
  /** Options by plugin id, laid over the profile. */
  readonly options?: Readonly<Record<string, Options>>
  /** Plugins from a path, after those of the profile. */
  readonly more?: readonly string[]
}

/** The test files are compiled to dist/test/swarms. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const EXCHANGED = [
  ['host-node', 'sim-host'],
  ['transport-tcp', 'sim-transport'],
  ['storage-file', 'sim-storage'],
] as const

/** For which there is nothing in a world: whoever could use it does without. */
const LEFT_OUT = 'datagrams-mmsg'

export class SimulatedNode {
  readonly events: NodeEvent[] = []
  private api: NodeApi | undefined
  private ended: (() => void) | null = null

  private constructor(
    readonly machine: SimNode,
    private readonly kernel: Kernel,
  ) {}

  /** Reads and links the profile; that takes real time and no virtual time. */
  static async load(machine: SimNode, plan: NodePlan): Promise<SimulatedNode> {
    const used = await builtinsOf(plan.profile)
    const exchanged = EXCHANGED.filter(([real]) => used.includes(`builtin:${real}`))
    const uses = new Map<string, string>(exchanged.map(([real, simulated]) => [real, `builtin:${simulated}`]))
    const options = plan.options ?? {}
    const ids = new Set([...uses.keys(), ...Object.keys(options)])
    const kernel = createKernel({
      host: machine.host,
      profile: {
        name: machine.name,
        folder: `${ROOT}config`,
        content: {
          extends: [`./${plan.profile}.json`],
          node: { name: machine.name, dataDir: '/state' },
          plugins: [
            ...(used.includes(`builtin:${LEFT_OUT}`) ? [{ id: LEFT_OUT, enabled: false }] : []),
            ...Array.from(ids, id => ({ id, use: uses.get(id), config: options[id] })),
            ...(plan.more ?? []).map(use => ({ use })),
          ],
        },
      },
      workingDir: ROOT,
      given: [[Machine, machine]],
      asked: [Api, Probes],
      readText: path => readFile(path, 'utf8'),
      importModule: path => import(pathToFileURL(path).href) as Promise<unknown>,
      afterSetUp: () => node.watch(),
    })
    const node = new SimulatedNode(machine, kernel)
    await kernel.load()
    return node
  }

  start(): Promise<void> {
    return this.kernel.start()
  }

  async stop(): Promise<void> {
    await this.kernel.stop()
    this.ended?.()
  }

  /** From set-up on. */
  get face(): NodeApi {
    if (this.api === undefined) throw new Error(`${this.machine.name} has no client`)
    return this.api
  }

  saw(event: NodeEvent['event']): boolean {
    return this.events.some(one => one.event === event)
  }

  /** Pieces it has. */
  have(): number {
    return (this.api?.snapshot().torrents ?? []).reduce((sum, torrent) => sum + torrent.have, 0)
  }

  /** Bytes of content sent to peers. */
  uploaded(): number {
    return (this.api?.snapshot().torrents ?? []).reduce((sum, torrent) => sum + torrent.uploaded, 0)
  }

  /** What it warned of, or failed at. */
  complaints(): readonly string[] {
    const loud = this.events.filter(({ event }) => event === 'warning' || event === 'error')
    return loud.map(event => `${this.machine.name}: ${JSON.stringify(event)}`)
  }

  /** From here on its probes are asked whenever the machine acts, and its events stand in the world's log. */
  private watch(): void {
    const probes = this.kernel.find(Probes)
    this.ended = this.machine.world.watch(machine => {
      if (machine !== this.machine) return []
      return probes.flatMap(probe => probe.check().map(broken => `${machine.name}, ${probe.name}: ${broken}`))
    })
    this.api = this.kernel.find(Api)
    this.api?.observe(event => {
      this.events.push(event)
      this.machine.note(`tells ${JSON.stringify(event)}`)
    })
  }
}

interface ProfileText {
  readonly extends?: readonly string[]
  readonly plugins?: ReadonlyArray<{ readonly use?: string }>
}

/** What a profile of config/ and those it extends name after "use". */
async function builtinsOf(profile: string): Promise<readonly string[]> {
  const text = JSON.parse(await readFile(`${ROOT}config/${profile}.json`, 'utf8')) as ProfileText
  const bases = (text.extends ?? []).map(base => builtinsOf(base.replace(/^\.\/(.*)\.json$/, '$1')))
  return [...(await Promise.all(bases)).flat(), ...(text.plugins ?? []).flatMap(entry => entry.use ?? [])]
}
