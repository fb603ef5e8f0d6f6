// How a command speaks: to people, or to programs with --json; on a terminal, or into a file.
import { readFile } from 'node:fs/promises'
import { NodeError } from '../base/errors.js'
import type { LogLevel } from '../base/log.js'
import { cliErrors } from './errors.js'
import { systemCodeOf, textOf } from './exit-codes.js'
import { LiveLine } from './live-line.js'
import { printable } from './printable.js'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']

export class Shell {
  /** What the process ends with when the command does not throw: 0, or 4 where the answer is no. */
  exitCode = 0
  json = false
  quiet = false
  /** What --log said. */
  level: LogLevel | undefined
  readonly workingDir: string
  readonly env: Readonly<Record<string, string | undefined>>

  private diverted: ((text: string) => void) | null = null
  private live: LiveLine | null = null

  constructor(private readonly world: NodeJS.Process) {
    this.workingDir = world.cwd()
    this.env = world.env
    for (const stream of [world.stdout, world.stderr]) stream.on('error', ignoreBrokenPipe)
  }

  configure(options: Readonly<Record<string, unknown>>): void {
    this.json = options['json'] === true
    this.quiet = options['quiet'] === true
    const level = options['log']
    if (level === undefined) return
    this.level = LEVELS.find(known => known === level)
    if (this.level === undefined) {
      throw cliErrors.make('ERR_USAGE', `--log takes one of ${LEVELS.join(', ')}`)
    }
  }

  async version(): Promise<string> {
    const manifest: unknown = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'))
    return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
  }

  /** May bars and colours be drawn? */
  get terminal(): boolean {
    return this.world.stdout.isTTY && !this.json
  }

  /** How log lines on standard error should look: JSON beside JSON, else lines for people, in colour on a terminal. */
  get logForm(): { readonly pretty: boolean; readonly color: boolean; beforeLog(): void } {
    const color = this.world.stderr.isTTY && !this.json && (this.env['NO_COLOR'] ?? '') === ''
    return { pretty: !this.json, color, beforeLog: () => this.makeRoom() }
  }

  /** While progress bars are drawn, lines go above them. */
  divert(writer: ((text: string) => void) | null): void {
    this.diverted = writer
  }

  /** A line that may be drawn again and again; null where there is no terminal to draw it on, or nobody wants it. */
  liveLine(): LiveLine | null {
    if (this.terminal && !this.quiet) this.live ??= new LiveLine(this.world.stdout)
    return this.live
  }

  /** Before anything is written to the terminal by another way, as the log does. */
  makeRoom(): void {
    this.live?.erase()
  }

  /** A line for people on standard output. */
  print(text: string): void {
    if (this.json) return
    this.makeRoom()
    if (this.diverted !== null) this.diverted(printable(text))
    else this.world.stdout.write(`${printable(text)}\n`)
  }

  clean(text: string): string {
    return printable(text)
  }

  /** The same, for what --quiet leaves out. */
  tell(text: string): void {
    if (!this.quiet) this.print(text)
  }

  /** A line for programs; only with --json. */
  record(row: object): void {
    if (this.json) this.world.stdout.write(`${JSON.stringify(row)}\n`)
  }

  /** The outcome of a command that has one: an object with --json, else text. */
  result(row: object, text: string): void {
    this.record(row)
    this.print(text)
  }

  /** For people, beside the output: on standard error. */
  note(text: string): void {
    if (this.quiet) return
    this.makeRoom()
    this.world.stderr.write(`${printable(text)}\n`)
  }

  /** Why a command ends: what, where, and what to do; a stack only where it is our own fault. */
  failed(error: unknown): void {
    const code = NodeError.is(error) ? error.code : (systemCodeOf(error) ?? 'ERR_DEFECT')
    const ours = NodeError.is(error) ? error.blame === 'defect' : systemCodeOf(error) === undefined
    const details = NodeError.is(error) ? error.details : {}
    this.makeRoom()
    this.record({ event: 'error', code, message: textOf(error), ...details })
    this.world.stderr.write(
      `shoal: ${printable(textOf(error))}${details['faults'] === undefined ? ` (${code})` : ''}\n`,
    )
    if (!ours) return
    const cause = error instanceof Error ? (error.cause ?? error) : error
    this.world.stderr.write(`${printable(cause instanceof Error ? (cause.stack ?? '') : String(cause))}\n`)
    this.world.stderr.write('This is a defect. Please report it with the lines above and the command you ran.\n')
  }
}

/** A reader that has gone (`| head`) is no fault; what is left to say is not wanted. */
function ignoreBrokenPipe(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') return
  throw error
}
