// What a file in commands/ exports.
import type { Command } from 'commander'
import type { Shell } from './shell.js'

export interface CommandModule {
  /**
   * Adds one command: `program.command('show')`, its arguments, options, description and an example (see `example`), and
   * an action. The action speaks through `shell` (never the console), sets `shell.exitCode` when the answer is no, and
   * throws when it fails: a NodeError's blame and code choose the exit code. `--json`, `--log` and `--quiet` are added by
   * the caller and have been read when the action runs. Anything that costs time to load is imported inside the action.
   */
  register(program: Command, shell: Shell): void
}

/** The text under `--help`: `command.addHelpText('after', example('shoal show movie.torrent'))`. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map(line => `  $ ${line}`).join('\n')}\n`
}
