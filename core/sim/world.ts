// A world: virtual time, a network, machines and a log, all from one seed. Kernels run in it unchanged. Between two
// events everything that was promised is settled, so a chain of promises takes no virtual time and always the same
// turns.
import { messageOf } from '../base/errors.js'
import { createRandom } from '../base/random.js'
import type { Random } from '../base/random.js'
import { simErrors } from './errors.js'
import { EventLog } from './event-log.js'
import { Network } from './network.js'
import { SimNode } from './node.js'
import type { NodeSettings } from './node.js'
import { Timeline } from './timeline.js'

/** Virtual time that a run may take unless it says otherwise. */
const HOUR_MS = 3_600_000
/** Empty turns of the real event loop after which nothing more will come of its own. */
const IDLE_TURNS = 1000

const settings: Omit<NodeSettings, 'addresses'> = {
  latencyMs: 10,
  upBytesPerSecond: Infinity,
  downBytesPerSecond: Infinity,
  loss: 0,
  disk: { operationMs: 0.1, bytesPerSecond: 500_000_000 },
  utcOffset: () => 0,
  log: 'silent',
}

/** Says what is broken on the machine that has just acted: machines share nothing. An answer that is not empty ends the run. */
export type Watcher = (machine: SimNode) => readonly string[]

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

export class World {
  readonly timeline = new Timeline()
  readonly log = new EventLog(this.timeline)
  readonly random: Random
  readonly network: Network
  /** Where links are cut into segments. */
  readonly cuts: Random
  readonly nodes: SimNode[] = []
  /** The machine whose turn this event is; null where none has noticed anything, as while a packet is under way. */
  acting: SimNode | null = null
  private readonly watchers: Watcher[] = []
  private links = 0

  constructor(readonly seed: number) {
    this.random = createRandom(seed)
    this.cuts = this.random.fork('cuts')
    this.network = new Network(this.timeline, this.random.fork('loss'))
  }

  /** A new machine. Unless told otherwise it gets the next of the addresses 20.0.0.1, 20.0.0.2 and so on. */
  node(name: string, options: Partial<NodeSettings> = {}): SimNode {
    const number = this.nodes.length + 1
    const addresses = [Uint8Array.of(20, 0, number >> 8, number & 0xff)]
    const node = new SimNode(this, name, { addresses, ...settings, ...options })
    this.nodes.push(node)
    this.network.join(node)
    return node
  }

  /** Asks after every event of a machine; the answer ends the watch. */
  watch(check: Watcher): () => void {
    this.watchers.push(check)
    return () => void this.watchers.splice(this.watchers.indexOf(check), 1)
  }

  nextLink(): number {
    return ++this.links
  }

  /** Lets time pass until `done`; ERR_SIM_STALLED where nothing is left to happen before that. */
  async run(done: () => boolean, limitMs = HOUR_MS): Promise<void> {
    const limit = this.timeline.now + limitMs
    await turn()
    for (let idle = 0; !done(); idle++) {
      if (this.timeline.next() === Infinity) {
        if (idle >= IDLE_TURNS) throw this.fault('ERR_SIM_STALLED', 'nothing is left to happen')
        await turn()
        continue
      }
      if (this.timeline.next() > limit) throw this.fault('ERR_SIM_TOO_LONG', `not done after ${limitMs} ms`)
      idle = 0
      await this.step()
    }
  }

  /** Lets time pass until the promise is settled, and gives what came of it. */
  async until<T>(promise: Promise<T>, limitMs = HOUR_MS): Promise<T> {
    let settled = false
    const over = (): void => {
      settled = true
    }
    promise.then(over, over)
    await this.run(() => settled, limitMs)
    return promise
  }

  /** Lets exactly so much time pass. */
  async advance(ms: number): Promise<void> {
    let over = false
    this.timeline.after(ms, () => {
      over = true
    })
    await this.run(() => over, ms)
  }

  private async step(): Promise<void> {
    this.acting = null
    try {
      this.timeline.step()
    } catch (error) {
      throw this.fault('ERR_SIM_BROKEN', `an event threw: ${messageOf(error)}`, error)
    }
    await turn()
    if (this.acting === null) return
    for (const watcher of this.watchers) {
      const broken = watcher(this.acting)
      if (broken.length > 0) throw this.fault('ERR_SIM_BROKEN', broken.join('; '))
    }
  }

  private fault(code: 'ERR_SIM_STALLED' | 'ERR_SIM_TOO_LONG' | 'ERR_SIM_BROKEN', what: string, cause?: unknown): Error {
    const { timeline, seed } = this
    const text = `${what} (seed ${seed}, event ${timeline.turn}, at ${timeline.now} ms)`
    return simErrors.make(code, text, {
      cause,
      details: { seed, event: timeline.turn, last: this.log.lines.slice(-20) },
    })
  }
}
