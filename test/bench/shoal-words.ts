import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))

/** The command line of this tree's own `shoal`. */
export function shoalWords(...words: readonly string[]): [string, ...string[]] {
  return [process.execPath, cli, ...words]
}
