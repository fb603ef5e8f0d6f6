// The command line as a process of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Another user to run as; only root may. */
  readonly uid?: number
}

export interface CliOutcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export class RunningCli {
  readonly ended: Promise<CliOutcome>
  private readonly child: ChildProcess
  private stdout = ''
  private stderr = ''
  private over = false
  private more: () => void = () => {}

  constructor(args: readonly string[], { cwd, env = {}, uid }: CliOptions) {
    this.child = spawn(process.execPath, [CLI, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: 'pipe',
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.more()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.more()
    })
    this.ended = once(this.child, 'close').then(([code]: unknown[]) => {
      this.over = true
      this.more()
      return { code: typeof code === 'number' ? code : null, stdout: this.stdout, stderr: this.stderr }
    })
  }

  /** The lines of standard output once one of them matches. Fails when the process ends without. */
  until(pattern: RegExp): Promise<readonly string[]> {
    return this.found(() => this.stdout, pattern)
  }

  /** The same for standard error. */
  warned(pattern: RegExp): Promise<readonly string[]> {
    return this.found(() => this.stderr, pattern)
  }

  private async found(text: () => string, pattern: RegExp): Promise<readonly string[]> {
    for (;;) {
      const lines = text().split('\n').slice(0, -1)
      if (lines.some(line => pattern.test(line))) return lines
      if (this.over) throw new Error(`no line like ${String(pattern)} in:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>(resolve => (this.more = resolve))
    }
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }
}

export function runCli(args: readonly string[], options: CliOptions): Promise<CliOutcome> {
  return new RunningCli(args, options).ended
}
