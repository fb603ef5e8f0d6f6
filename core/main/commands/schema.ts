import type { Command } from 'commander'
import { example } from '../command.js'
import type { Shell } from '../shell.js'

export function register(program: Command, shell: Shell): void {
  program
    .command('schema')
    .description('print the JSON Schema of a profile with the plugins it names, or with the built-in ones')
    .argument('[profile]', 'a profile')
    .addHelpText('after', example('shoal schema config/custom-selector.json > profile.schema.json'))
    .action(async (profile: string | undefined) => {
      const schema = await schemaFor(profile)
      shell.result(schema, JSON.stringify(schema, null, 2))
    })
}

async function schemaFor(profile: string | undefined): Promise<object> {
  if (profile === undefined) return (await import('../built-ins.js')).builtInSchema()
  const { describeProfile } = await import('../node.js')
  const { profileSchema } = await import('../../kernel/schema.js')
  const parts = await describeProfile(profile)
  return profileSchema(parts.map(({ use, id, check }) => ({ use, id, json: check.json })))
}
