import type { Command } from 'commander'
import { NodeError } from '../../base/errors.js'
import { example } from '../command.js'
import { collected } from '../options.js'
import { counted } from '../quantity.js'
import type { Shell } from '../shell.js'

export function register(program: Command, shell: Shell): void {
  program
    .command('check')
    .description('load, configure and link a profile, and list every fault at once; nothing is started')
    .argument('<profile>', 'a profile, such as config/tracker.json')
    .option('--set <id.key=value>', 'override one option; may be given again', collected, [])
    .addHelpText('after', example('shoal check config/tracker-seeder.json'))
    .action(async (profile: string, options: { readonly set: readonly string[] }) => {
      const { loadNode } = await import('../node.js')
      const { unusedNote } = await import('../../kernel/explain.js')
      try {
        const kernel = await loadNode(profile, { set: options.set, log: 'silent' })
        const notes = kernel.unused.map(unusedNote)
        const text = [
          `${profile}: ${counted(kernel.plugins.length, 'plugin')}, no fault`,
          ...notes.map(note => `  note: ${note}`),
        ]
        shell.result({ ok: true, profile, plugins: kernel.plugins.map(part => part.id), notes }, text.join('\n'))
      } catch (error) {
        const faults = NodeError.is(error) ? error.details['faults'] : undefined
        if (faults === undefined || !NodeError.is(error)) throw error
        shell.exitCode = 2
        shell.result({ ok: false, profile, faults }, error.message)
      }
    })
}
