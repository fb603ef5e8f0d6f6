import type { Command } from 'commander'
import { example } from '../command.js'
import { collected } from '../options.js'
import type { Shell } from '../shell.js'

export function register(program: Command, shell: Shell): void {
  program
    .command('explain')
    .description('show plugins, who provides what to whom, options after defaults, and the order of starting')
    .argument('<profile>', 'a profile, such as config/tracker.json')
    .option('--set <id.key=value>', 'override one option; may be given again', collected, [])
    .addHelpText('after', example('shoal explain config/tracker-seeder.json'))
    .action(async (profile: string, options: { readonly set: readonly string[] }) => {
      const { loadNode } = await import('../node.js')
      const kernel = await loadNode(profile, { set: options.set, log: 'silent' })
      const text = kernel.explain()
      shell.result({ profile, plugins: kernel.plugins.map(part => part.id), text }, text)
    })
}
