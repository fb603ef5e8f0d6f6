// Other people's programs, started and ended by tests: found on PATH, or among the npm packages of a folder outside the
// tree ($SHOAL_PEERS, else "shoal-peers" in the temporary folder).
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { accessSync, constants, existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export const peersFolder = process.env['SHOAL_PEERS'] ?? join(tmpdir(), 'shoal-peers')

export function onPath(program: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      continue
    }
  }
  return null
}

export function hasPackage(name: string): boolean {
  return existsSync(join(peersFolder, 'node_modules', name, 'package.json'))
}

/** A port nobody has at this moment, over TCP and UDP, for programs that cannot choose one and tell. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
    const { port } = server.address() as AddressInfo
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const free = await new Promise<boolean>(resolve => {
      socket.once('error', () => resolve(false)).bind(port, host, () => resolve(true))
    })
    await new Promise<void>(resolve => socket.close(() => resolve()))
    await new Promise(resolve => server.close(resolve))
    if (free) return port
  }
}

// The packages' WebRTC addon wants a binary that only install scripts bring; nothing here speaks WebRTC.
const hook = `export const load = (url, context, next) => url.endsWith('/node-datachannel.mjs')
  ? { format: 'module', source: 'export default {}', shortCircuit: true }
  : next(url, context)`
const withoutWebrtc = `import { register } from 'node:module'
register('data:text/javascript,${encodeURIComponent(hook).replaceAll("'", '%27')}')`

/** The command line that runs a piece of JavaScript. */
export function scriptWords(source: string, words: readonly string[]): [string, ...string[]] {
  const first = `data:text/javascript,${encodeURIComponent(withoutWebrtc)}`
  return [process.execPath, '--import', first, '--input-type=module', '-e', source, ...words]
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export class Program {
  private static readonly running = new Set<Program>()
  output = ''
  private readonly ended: Promise<void>

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => void (this.output = (this.output + text).slice(-20_000)))
    }
    Program.running.add(this)
    this.ended = new Promise<void>(resolve => child.once('close', () => resolve()).once('error', () => resolve()))
    void this.ended.then(() => Program.running.delete(this))
  }

  static start(program: string, words: readonly string[], { cwd, env }: Surroundings = {}): Program {
    const options = { ...(cwd === undefined ? {} : { cwd }), env: { ...process.env, ...env } }
    return new Program(spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], ...options }))
  }

  /** A piece of JavaScript that may import the npm packages of the folder; `argv` from index 1. */
  static script(source: string, words: readonly string[] = []): Program {
    const [program, ...rest] = scriptWords(source, words)
    return Program.start(program, rest, { cwd: peersFolder })
  }

  /** What a test left running; where it failed, what they printed is added to its error. For `after` and `afterEach`. */
  static async stopAll(test?: Mocha.Test): Promise<void> {
    const left = [...Program.running]
    await Promise.all(left.map(program => program.stop()))
    if (test?.state !== 'failed' || test.err === undefined) return
    for (const { child, output } of left) {
      test.err.stack += `\n--- ${child.spawnargs.join(' ').slice(0, 200)}\n${output.slice(-3000)}`
    }
  }

  write(text: string): void {
    this.child.stdin?.write(text)
  }

  /** Resolves once it has printed this; rejects when it ends before. */
  async printed(text: string | RegExp): Promise<void> {
    for (;;) {
      if (typeof text === 'string' ? this.output.includes(text) : text.test(this.output)) return
      await this.more()
    }
  }

  /** Resolves with the other; rejects when it ends before that. */
  during<T>(other: Promise<T>): Promise<T> {
    const early = this.ended.then((): never => {
      throw new Error(`it ended early: ${this.output}`)
    })
    early.catch(() => {})
    return Promise.race([other, early])
  }

  /** Resolves once it has ended by itself and well; rejects when it ends in another way. */
  async done(): Promise<void> {
    await this.ended
    if (this.child.exitCode !== 0) throw new Error(`it failed: ${this.output}`)
  }

  /** Ends it, by force where it does not go within so many milliseconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', patience = 2000): Promise<void> {
    this.child.kill(signal)
    const force = setTimeout(() => this.child.kill('SIGKILL'), patience)
    await this.ended
    clearTimeout(force)
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { child } = this
      const over = (): void => {
        for (const stream of [child.stdout, child.stderr]) stream?.off('data', heard)
        child.off('close', gone)
      }
      const heard = (): void => {
        over()
        resolve()
      }
      const gone = (): void => {
        over()
        reject(new Error(`it ended early: ${this.output}`))
      }
      if (child.exitCode !== null || child.signalCode !== null) return gone()
      for (const stream of [child.stdout, child.stderr]) stream?.once('data', heard)
      child.once('close', gone)
    })
  }
}
