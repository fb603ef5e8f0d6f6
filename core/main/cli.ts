#!/usr/bin/env node
// The command line. Only the command that was asked for is loaded, and each loads what it needs when it runs, so that
// `show` does not wait for a kernel.
//
// To add a command: a file in commands/ that exports `register(program, shell)` (see command.ts), and a line here.
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError } from 'commander'
import type { CommandModule } from './command.js'
import { exitCodeOf } from './exit-codes.js'
import { Shell } from './shell.js'

const COMMANDS: Readonly<Record<string, readonly [summary: string, load: () => Promise<CommandModule>]>> = {
  start: ['run the node of a profile until it is stopped', () => import('./commands/start.js')],
  check: ['look for faults in a profile', () => import('./commands/check.js')],
  explain: ['show what a profile starts and why', () => import('./commands/explain.js')],
  track: ['run a tracker', () => import('./commands/track.js')],
  seed: ['seed a file or folder', () => import('./commands/seed.js')],
  get: ['download a torrent', () => import('./commands/get.js')],
  create: ['make a .torrent of a file or folder', () => import('./commands/create.js')],
  show: ['show what is in a .torrent', () => import('./commands/show.js')],
  verify: ['hold content on disk against its .torrent', () => import('./commands/verify.js')],
  scrape: ['ask trackers how many seed and download', () => import('./commands/scrape.js')],
  schema: ['print the JSON Schema of a profile', () => import('./commands/schema.js')],
  plugins: ['list the built-in plugins', () => import('./commands/plugins.js')],
}

const GLOBAL_OPTIONS = [
  ['--json', 'one JSON object a line on standard output, and nothing else there'],
  ['--log <level>', 'log debug, info, warn, error or silent'],
  ['--quiet', 'print only what was asked for and what went wrong'],
] as const

async function main(argv: readonly string[]): Promise<number> {
  const shell = new Shell(process)
  try {
    await (await program(argv, shell)).parseAsync([...argv], { from: 'user' })
    return shell.exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      // It has been told on standard error; the options had not been read yet.
      shell.json = argv.includes('--json')
      shell.record({ event: 'error', code: 'ERR_USAGE', message: error.message.replace(/^error: /, '') })
      return 2
    }
    shell.failed(error)
    return exitCodeOf(error)
  }
}

async function program(argv: readonly string[], shell: Shell): Promise<Command> {
  const root = withGlobals(new Command('shoal'))
  root.description('A BitTorrent node whose every part is a plugin named in a JSON profile.')
  root.version(await shell.version(), '-V, --version').helpCommand('help [command]', 'help for a command')
  root.addHelpText('after', '\nExample:\n  $ shoal get movie.torrent -o ~/Downloads\n')
  root.hook('preAction', (_, command) => shell.configure(command.optsWithGlobals()))
  const asked = commandIn(argv)
  for (const [name, [summary, load]] of Object.entries(COMMANDS)) {
    if (name === asked) (await load()).register(root, shell)
    else root.command(name).description(summary)
  }
  // Set last, since commands copy these when they are made.
  for (const command of [root, ...root.commands]) {
    if (command !== root) withGlobals(command)
    command.exitOverride().showHelpAfterError('(add --help for how to use it)')
  }
  return root
}

function withGlobals(command: Command): Command {
  for (const [flags, description] of GLOBAL_OPTIONS) command.option(flags, description)
  return command
}

/** The first word that is neither an option nor an option's value; "help X" asks for X. */
function commandIn(argv: readonly string[]): string | undefined {
  const words = argv.filter((word, i) => !word.startsWith('-') && argv[i - 1] !== '--log')
  return words[0] === 'help' ? words[1] : words[0]
}

// How much of a function V8 runs before it compiles it for speed: six times its own figure. What a node does all the time
// gets there at once; the rest, what runs while it starts above all, is not worth the threads that compile it.
setFlagsFromString('--interrupt-budget=400000')

const code = await main(process.argv.slice(2))
// What was written must be out before the process ends; open sockets and threads need not be waited for.
process.stdout.write('', () => process.exit(code))
