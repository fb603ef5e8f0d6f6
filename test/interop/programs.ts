// Other people's programs, started and ended by tests: found on PATH, or among the npm packages of a folder outside the
// tree ($SHOAL_PEERS, else "shoal-peers" in the temporary folder).
import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
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

/** A port nobody has at this moment, for programs that cannot choose one and tell. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
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

  static start(program: string, words: readonly string[], cwd?: string): Program {
    return new Program(
      spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) }),
    )
  }

  /** A piece of JavaScript that may import the npm packages of the folder; `argv` from index 1. */
  static script(source: string, words: readonly string[] = []): Program {
    return Program.start(process.execPath, ['--input-type=module', '-e', source, ...words], peersFolder)
  }

  /** What a failed test left behind; for `after`. */
  static async stopAll(): Promise<void> {
    await Promise.all([...Program.running].map(program => program.stop()))
  }

  write(text: string): void {
    this.child.stdin?.write(text)
  }

  /** Resolves once it has printed this; rejects when it ends before. */
  async printed(text: string): Promise<void> {
    for (;;) {
      if (this.output.includes(text)) return
      await this.more()
    }
  }

  /** Ends it, by force where it does not go within two seconds. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    const force = setTimeout(() => this.child.kill('SIGKILL'), 2000)
    await this.ended
    clearTimeout(force)
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { child } = this
      const over = (): void => {
        child.stdout?.off('data', heard)
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
      child.stdout?.once('data', heard)
      child.once('close', gone)
    })
  }
}

/** Resolves once something accepts connections there; gives up with the test. */
export async function listening(port: number, host = '127.0.0.1'): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, host)
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('close', () => socket.destroy()).once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
