import { isAbsolute, relative } from 'node:path'
import type { Command } from 'commander'
import { example } from '../command.js'
import { collected } from '../options.js'
import type { Shell } from '../shell.js'

export function register(program: Command, shell: Shell): void {
  program
    .command('start')
    .description('run the node of a profile until it is stopped (Ctrl-C once: in order; twice: at once)')
    .argument('<profile>', 'a profile, such as config/tracker-seeder.json')
    .option('--set <id.key=value>', 'override one option; may be given again', collected, [])
    .addHelpText('after', example('shoal start config/tracker.json --set tracker-udp.listen=0.0.0.0:6970'))
    .action(async (profile: string, options: { readonly set: readonly string[] }) => {
      const { runNode } = await import('../run-node.js')
      await runNode(shell, {
        profile,
        set: options.set,
        opened(api) {
          const file = api.snapshot().torrents.find(torrent => torrent.file !== undefined)?.file
          if (file !== undefined) shell.print(`npx shoal get ${nearPath(shell.workingDir, file)}`)
        },
      })
    })
}

function nearPath(from: string, file: string): string {
  const near = relative(from, file)
  return near.startsWith('..') || isAbsolute(near) ? file : near
}
