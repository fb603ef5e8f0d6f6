// A node in a process of its own, with its figures as the system and its event loop tell them. Linux only.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const cli = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))
const loopDelay = new URL('./loop-delay.js', import.meta.url).href

/** Kernel ticks of CPU time a second, which Linux tells user space as 100 whatever it is. */
const TICKS = 100

export interface LoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export class NodeUnderLoad {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly delays: string,
  ) {}

  /** Starts a profile whose plugins are these. `flags` go to Node itself, as --cpu-prof. */
  static start(folder: string, plugins: readonly object[], flags: readonly string[] = []): NodeUnderLoad {
    const profile = join(folder, 'profile.json')
    writeFileSync(profile, JSON.stringify({ node: { name: 'bench', dataDir: join(folder, 'state') }, plugins }))
    const delays = join(folder, 'delays')
    writeFileSync(delays, '')
    const child = spawn(process.execPath, ['--import', loopDelay, ...flags, cli, 'start', profile, '--json'], {
      env: { ...process.env, LOOP_DELAY: delays },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return new NodeUnderLoad(child, createInterface({ input: child.stdout })[Symbol.asyncIterator](), delays)
  }

  /** The next event of that name. */
  async event(name: string): Promise<Record<string, unknown>> {
    for (;;) {
      const line = await this.lines.next()
      if (line.done === true) throw new Error(`the node ended before it said "${name}"`)
      const event = JSON.parse(line.value) as Record<string, unknown>
      if (event['event'] === 'error') throw new Error(line.value)
      if (event['event'] === name) return event
    }
  }

  async port(): Promise<number> {
    const peers = String((await this.event('ready'))['peers'])
    return Number(peers.slice(peers.lastIndexOf(':') + 1))
  }

  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  }

  /** MiB now, and the most so far. */
  get memory(): { readonly rss: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1')
    const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
    return { rss: of('VmRSS'), peak: of('VmHWM') }
  }

  /** Of the event loop since this was last asked. */
  async loopDelay(): Promise<LoopDelay> {
    const before = readFileSync(this.delays, 'utf8').length
    this.child.kill('SIGUSR2')
    while (existsSync(this.delays)) {
      const told = readFileSync(this.delays, 'utf8')
      if (told.length > before && told.endsWith('\n')) return JSON.parse(told.slice(before)) as LoopDelay
      await passed(5)
    }
    throw new Error('the file of delays is gone')
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return
    this.child.kill('SIGTERM')
    await new Promise(resolve => this.child.once('exit', resolve))
  }
}
