// A program in a process of its own, with what it cost: time from start to end, CPU time and memory. It ends with this
// process at the latest. Costs are told where there is a shell that can time and a /proc; else they are NaN.
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { atEnd } from './at-end.js'

export interface Command {
  readonly words: readonly [string, ...string[]]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Outcome {
  /** null: it was ended for taking too long. */
  readonly code: number | null
  readonly seconds: number
  /** Of all its threads. */
  readonly cpuSeconds: number
  readonly memory: Memory
}

/** MiB at most: all that was resident, and without files that are mapped. */
export interface Memory {
  readonly resident: number
  readonly own: number
}

/** The shell tells the number of the process it starts, waits for it, and tells its CPU time, both on descriptor 3. */
const TIMED = '"$@" 3>&- & echo $! >&3; wait $!; code=$?; times >&3; exit $code'
const LOOK_MS = 20
const KEPT_TEXT = 4000

export class Child {
  private static readonly alive = new Set<Child>()
  private static ending = false
  private readonly child: ChildProcess
  private readonly began = performance.now()
  private readonly lines: string[] = []
  private readonly ended: Promise<void>
  private seconds = 0
  private told = ''
  private complaints = ''
  private resident = NaN
  private own = NaN
  private late = false
  private readonly looking: NodeJS.Timeout | undefined
  private heard: () => void = () => {}

  private constructor({ words, cwd, env }: Command, listening: boolean, looking: boolean) {
    const out = listening ? 'pipe' : 'ignore'
    this.child = spawn('sh', ['-c', TIMED, 'sh', ...words], {
      cwd,
      env: { ...process.env, ...env },
      // A group of its own, so that nothing of it stays behind.
      detached: true,
      stdio: ['ignore', out, 'pipe', 'pipe'],
    })
    const { stdout, stderr, stdio } = this.child
    if (stdout !== null) createInterface({ input: stdout }).on('line', line => this.take(line))
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.complaints = (this.complaints + text).slice(-KEPT_TEXT)
    })
    stdio[3]?.on('data', (text: Buffer) => {
      this.told += text.toString('latin1')
      this.heard()
    })
    this.child.once('exit', () => (this.seconds = (performance.now() - this.began) / 1000))
    this.ended = new Promise(resolve => this.child.once('close', () => resolve()).once('error', () => resolve()))
    this.looking = looking ? setInterval(() => this.look(), LOOK_MS).unref() : undefined
    Child.alive.add(this)
    void this.ended.then(() => {
      clearInterval(this.looking)
      Child.alive.delete(this)
      this.heard()
    })
  }

  /**
   * `listening`: its standard output is wanted, else it is thrown away. `looking`: at its memory again and again, so that
   * the most is known once it has ended; that takes a hundredth or two of a core.
   */
  static start(command: Command, { listening = false, looking = true } = {}): Child {
    if (!Child.ending) atEnd(() => Child.killAll())
    Child.ending = true
    return new Child(command, listening, looking)
  }

  static run(command: Command, timeoutMs: number): Promise<Outcome> {
    return Child.start(command).outcome(timeoutMs)
  }

  private static killAll(): void {
    for (const child of Child.alive) child.killGroup('SIGKILL')
  }

  get running(): boolean {
    return Child.alive.has(this)
  }

  /** 0 until it is known. */
  get pid(): number {
    return Number(/^(\d+)\n/.exec(this.told)?.[1] ?? 0)
  }

  /** The last it wrote to standard error. */
  get said(): string {
    return this.complaints.trim()
  }

  /** Its next line of JSON that has this key. */
  async line(key: string, timeoutMs: number): Promise<Readonly<Record<string, unknown>>> {
    return this.wait(() => {
      for (let line = this.lines.shift(); line !== undefined; line = this.lines.shift()) {
        const row: unknown = line.startsWith('{') ? JSON.parse(line) : null
        if (row !== null && typeof row === 'object' && key in row) return row as Record<string, unknown>
      }
      return undefined
    }, timeoutMs)
  }

  /** CPU seconds of all its threads, so far. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.pid)
  }

  /** MiB that are resident now; NaN where that is not told. */
  get residentNow(): number {
    try {
      const status = fs.readFileSync(`/proc/${this.pid}/status`, 'latin1')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024
    } catch {
      return NaN
    }
  }

  get memory(): Memory {
    this.look()
    return { resident: this.resident, own: this.own }
  }

  /** Once it has ended, by itself or for being late. */
  async outcome(timeoutMs: number): Promise<Outcome> {
    const timer = setTimeout(() => {
      this.late = true
      void this.stop()
    }, timeoutMs)
    await this.ended
    clearTimeout(timer)
    return {
      code: this.late ? null : (this.child.exitCode ?? 1),
      seconds: this.seconds,
      cpuSeconds: timed(this.told),
      memory: { resident: this.resident, own: this.own },
    }
  }

  /** Ends it, by force where it does not go within five seconds. */
  async stop(): Promise<void> {
    if (this.pid > 0) signal(this.pid, 'SIGTERM')
    else this.killGroup('SIGKILL')
    const force = setTimeout(() => this.killGroup('SIGKILL'), 5000)
    await this.ended
    clearTimeout(force)
    this.killGroup('SIGKILL')
  }

  private take(line: string): void {
    this.lines.push(line)
    this.heard()
  }

  private look(): void {
    if (this.pid === 0) return
    try {
      const status = fs.readFileSync(`/proc/${this.pid}/status`, 'latin1')
      const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024
      this.resident = most(this.resident, of('VmHWM'))
      this.own = most(this.own, of('RssAnon'))
    } catch {
      return
    }
  }

  private async wait<T>(find: () => T | undefined, timeoutMs: number): Promise<T> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.heard()
    }, timeoutMs)
    try {
      for (;;) {
        const found = find()
        if (found !== undefined) return found
        if (late) throw new Error(`nothing was heard for ${timeoutMs / 1000} s: ${this.said}`)
        if (!Child.alive.has(this)) throw new Error(`it ended early: ${this.said}`)
        await new Promise<void>(resolve => (this.heard = resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  private killGroup(name: NodeJS.Signals): void {
    if (this.child.pid !== undefined) signal(-this.child.pid, name)
  }
}

function most(a: number, b: number): number {
  return a > b || Number.isNaN(b) ? a : b
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    return
  }
}

/** CPU seconds of the children of the shell, from the second line of `times`. */
function timed(told: string): number {
  const [, , user, system] = [...told.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s))
  return (user ?? NaN) + (system ?? NaN)
}

function cpuSecondsOf(pid: number): number {
  try {
    const threads = fs.readdirSync(`/proc/${pid}/task`)
    const spent = threads.map(id =>
      Number(fs.readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'latin1').split(' ')[0]),
    )
    return spent.reduce((sum, one) => sum + one, 0) / 1e9
  } catch {
    return NaN
  }
}
