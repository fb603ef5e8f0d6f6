// The README of every plugin lists its options with their defaults as the schema has them, both ways.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { z, type OptionsSchema } from '../../core/kernel/plugin.js'
import { root } from './tree.js'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

const plugins = readdirSync(join(root, 'plugins')).filter(name => existsSync(join(root, 'plugins', name, 'index.ts')))

async function schemaOf(plugin: string): Promise<Schema> {
  const file = join(root, 'dist', 'plugins', plugin, 'index.js')
  const module = (await import(pathToFileURL(file).href)) as { readonly default: { readonly config: OptionsSchema } }
  const { config } = module.default
  return (config instanceof z.ZodType ? z.toJSONSchema(config, { io: 'input' }) : config) as Schema
}

/** Rows of the table headed "option": its names, its defaults, and what it says. */
function rowsOf(plugin: string): readonly (readonly [names: string[], defaults: string[], text: string])[] {
  const lines = readFileSync(join(root, 'plugins', plugin, 'README.md'), 'utf8').split('\n')
  const from = lines.findIndex(line => /^\| *option /.test(line))
  if (from < 0) return []
  const rows = lines.slice(from + 2)
  return rows
    .slice(0, rows.findIndex(line => !line.startsWith('|')) >>> 0)
    .map(line => line.split(/(?<!\\)\|/).map(cell => cell.trim()))
    .map(([, names = '', defaults = '', ...text]) => [parts(names), parts(defaults), text.join('|')])
}

const parts = (cell: string): string[] => cell.split(', ').map(part => part.replaceAll('`', ''))

/** As a README writes it: 2000000 may be 2,000,000, and a word needs no quotes. */
function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

describe('option tables', () => {
  it('are looked for in every plugin', () => {
    expect(plugins.length).to.be.greaterThan(15)
    expect(rowsOf('tracker').map(([names]) => names)).to.deep.include(['maxSwarms'])
  })

  for (const plugin of plugins) {
    it(`of ${plugin} are its schema`, async () => {
      const { properties = {} } = await schemaOf(plugin)
      const rows = rowsOf(plugin)
      expect(rows.flatMap(([names]) => names).sort()).to.deep.equal(Object.keys(properties).sort())
      for (const [names, defaults, text] of rows) {
        for (const [index, name] of names.entries()) {
          const option = properties[name]
          expect(option?.description, `"${name}" has no description in the schema`).to.be.a('string')
          if (option?.default === undefined) continue
          const said = (names.length === 1 ? defaults.join(', ') : defaults[index])?.replaceAll(/(\d),(?=\d{3})/g, '$1')
          expect(said, `the default of ${name}`).to.equal(written(option.default))
        }
        const fields = /^`\{ ([\w, ]+) \}`/.exec(text)?.[1]
        const inner = properties[names[0] ?? '']?.items?.properties
        expect(fields === undefined ? undefined : parts(fields), `the fields of ${names[0]}`).to.deep.equal(
          inner === undefined ? undefined : Object.keys(inner),
        )
      }
    })
  }
})
