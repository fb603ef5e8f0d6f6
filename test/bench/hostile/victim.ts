// The tracker under attack: a node in a process of its own, with small caps, whose log and memory are watched.
import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { shoalWords } from '../shoal-words.js'
import type { Scratch } from '../scratch.js'

export type Io = 'dgram' | 'mmsg'

const CAPS = { maxSwarms: 40_000, maxPeers: 100_000, maxPeersPerAddress: 1000, intervalSeconds: 60 }
const MEMORY_MIB = 16
const START_MS = 30_000

export class Victim {
  /** Every line of its log but the first few that say where it listens; and what else it wrote to standard error. */
  readonly lines: string[] = []
  port = 0
  private readonly child: ChildProcess
  private readonly ended: Promise<number | null>
  private heard: () => void = () => {}

  private constructor(profile: string) {
    const [node, ...words] = shoalWords('start', profile, '--json')
    this.child = spawn(node, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = new Promise(resolve => this.child.once('close', resolve))
    const { stdout, stderr } = this.child
    if (stdout !== null) createInterface({ input: stdout }).on('line', line => this.take(line))
    if (stderr !== null) createInterface({ input: stderr }).on('line', line => this.lines.push(line))
    void this.ended.then(() => this.heard())
  }

  static async start(scratch: Scratch, io: Io): Promise<Victim> {
    const file = scratch.at('victim.json')
    const plugins = [
      { use: 'builtin:host-node' },
      { use: 'builtin:swarm-store-memory', config: { memoryMiB: MEMORY_MIB } },
      { use: 'builtin:tracker', config: { ...CAPS, peerTimeoutSeconds: 3600 } },
      ...(io === 'mmsg' ? [{ use: 'builtin:datagrams-mmsg' }] : []),
      { use: 'builtin:tracker-udp', config: { listen: '[::]:0', io } },
    ]
    fs.writeFileSync(file, JSON.stringify({ node: { dataDir: scratch.at('data'), log: 'info' }, plugins }))
    const victim = new Victim(file)
    const late = setTimeout(() => victim.child.kill('SIGKILL'), START_MS)
    while (victim.port === 0) {
      if (victim.child.exitCode !== null || victim.child.signalCode !== null) {
        throw new Error(`the node did not start: ${victim.lines.join('\n')}`)
      }
      await new Promise<void>(resolve => (victim.heard = resolve))
    }
    clearTimeout(late)
    return victim
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** MiB that are resident. */
  get memory(): number {
    const status = fs.readFileSync(`/proc/${this.child.pid}/status`, 'latin1')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024
  }

  /** What is wrong with the log: lines that tell of an error, or that are no lines of the log. */
  get complaints(): string[] {
    return this.lines.filter(line => !/^\{"level":(20|30),/.test(line))
  }

  /** Its exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    const force = setTimeout(() => this.child.kill('SIGKILL'), 10_000)
    const code = await this.ended
    clearTimeout(force)
    return code
  }

  private take(line: string): void {
    const row = JSON.parse(line) as { readonly event?: string; readonly announce?: readonly string[] }
    if (row.event !== 'ready') return
    this.port = Number(new URL(row.announce?.[0] ?? 'udp://x:0').port)
    this.heard()
  }
}
