import type { Command } from 'commander'
import type { AnyToken } from '../../base/token.js'
import type { Shape } from '../../kernel/config.js'
import type { BuiltIn } from '../built-ins.js'
import { example } from '../command.js'
import type { Shell } from '../shell.js'

export function register(program: Command, shell: Shell): void {
  program
    .command('plugins')
    .description('list the built-in plugins: what each provides, requires, and its options')
    .addHelpText('after', example('shoal plugins'))
    .action(async () => {
      const { builtInPlugins } = await import('../built-ins.js')
      const plugins = await builtInPlugins()
      shell.result({ plugins: plugins.map(asRow) }, plugins.map(asText).join('\n\n'))
    })
}

const ids = (tokens: readonly AnyToken[]): string[] => tokens.map(token => token.id)

function asRow({ name, plugin, json }: BuiltIn): object {
  const { provides, requires, optional } = plugin
  return { name, provides: ids(provides), requires: ids(requires), optional: ids(optional), options: json }
}

function asText({ name, plugin, json }: BuiltIn): string {
  const row = (label: string, tokens: readonly AnyToken[]): string[] =>
    tokens.length === 0 ? [] : [`  ${label.padEnd(9)} ${ids(tokens).join(', ')}`]
  const options = Object.entries(json.properties ?? {}).map(([key, shape]) => `  ${optionText(key, shape)}`)
  return [
    `builtin:${name}`,
    ...row('provides', plugin.provides),
    ...row('requires', plugin.requires),
    ...row('optional', plugin.optional),
    ...options,
  ].join('\n')
}

function optionText(key: string, shape: Shape | boolean): string {
  if (typeof shape === 'boolean') return `- ${key}`
  const fallback = shape.default === undefined ? '' : ` [${JSON.stringify(shape.default)}]`
  return `- ${key}${fallback}${shape.description === undefined ? '' : `: ${shape.description}`}`
}
