// A node in a process of its own, as a user runs it, and what that process costs. Only where there is a /proc.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))
/** Collects garbage when it is asked to, so that memory in use is told from memory not yet given back. */
const ON_REQUEST = `data:text/javascript,process.on('message',()=>{gc();gc();process.send(0)});process.channel?.unref()`
/** As many as the ordinary user of an ordinary system has. */
const MOST_FILES = 1024
const TICKS_A_SECOND = 100

export interface Row {
  readonly event?: unknown
  readonly [key: string]: unknown
}

export class NodeProcess {
  private readonly child: ChildProcess
  private readonly began = performance.now()
  private readonly counts = new Map<string, number>()
  private readonly rows: Row[] = []
  private readonly hooks = new Set<() => void>()
  readonly exited: Promise<number | null>

  constructor(args: readonly string[]) {
    const node = [process.execPath, '--expose-gc', '--import', ON_REQUEST, CLI, ...args, '--json']
    const command = ['-c', `ulimit -n ${MOST_FILES}; exec "$@"`, 'sh', ...node]
    this.child = spawn('sh', command, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    this.exited = new Promise(resolve => this.child.once('close', resolve))
    const { stdout } = this.child
    if (stdout !== null) createInterface({ input: stdout }).on('line', line => this.take(line))
    void this.exited.then(() => this.wakeAll())
  }

  /** Milliseconds since it was begun. */
  get age(): number {
    return performance.now() - this.began
  }

  /** How many rows of this event came. */
  count(event: string): number {
    return this.counts.get(event) ?? 0
  }

  /** The first row of this event for which `fits` holds. */
  async row(event: string, fits: (row: Row) => boolean = () => true): Promise<Row> {
    const find = (): Row | undefined => this.rows.find(row => row.event === event && fits(row))
    await this.until(() => find() !== undefined)
    return find() ?? {}
  }

  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.child.exitCode !== null) throw new Error(`the node ended with ${this.child.exitCode} before its time`)
      await new Promise<void>(resolve => this.hooks.add(resolve))
    }
  }

  /** Bytes of memory it holds, once its garbage is collected. */
  async settledBytes(): Promise<number> {
    await new Promise(resolve => {
      this.child.once('message', resolve)
      this.child.send('collect')
    })
    return this.bytes()
  }

  bytes(): number {
    const rss = /^Rss:\s+(\d+) kB/m.exec(this.proc('smaps_rollup'))?.[1]
    return Number(rss ?? 0) * 1024
  }

  /** Milliseconds of processor time, of all its threads. */
  cpuMs(): number {
    const stat = this.proc('stat')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND
  }

  /** Milliseconds it took to stop. */
  async stop(): Promise<number> {
    const from = performance.now()
    this.child.kill('SIGTERM')
    const code = await this.exited
    if (code !== 0) throw new Error(`the node stopped with ${code}`)
    return performance.now() - from
  }

  private take(line: string): void {
    const row = JSON.parse(line) as Row
    const event = String(row.event)
    this.counts.set(event, this.count(event) + 1)
    // Rows of which there are thousands are counted.
    if (event !== 'progress' && event !== 'torrent') this.rows.push(row)
    this.wakeAll()
  }

  private wakeAll(): void {
    for (const wake of this.hooks) wake()
    this.hooks.clear()
  }

  private proc(file: string): string {
    return readFileSync(`/proc/${this.child.pid}/${file}`, 'utf8')
  }
}
