// The JSON Schema of a profile, for editors: the form of the file, and for each known plugin the form of its options.
import { asShape, type Shape } from './config.js'
import { profileJson } from './profile-files.js'

export interface DescribedPlugin {
  /** As a profile names it. */
  readonly use: string
  /** Under which other profiles can lay options over it. */
  readonly id: string
  readonly json: Shape
}

export function profileSchema(plugins: readonly DescribedPlugin[]): object {
  const { $schema, properties = {}, ...rest } = profileJson
  const list = asShape(properties['plugins'])
  const entry = asShape(list.items)
  const use = { ...asShape(entry.properties?.['use']), examples: plugins.map(one => one.use) }
  const items = { ...entry, properties: { ...entry.properties, use }, allOf: plugins.map(optionsRule) }
  return {
    $schema,
    title: 'Profile of a Shoal node',
    ...rest,
    properties: { ...properties, plugins: { ...list, items } },
  }
}

/** The options of an entry that uses this plugin, or that is laid over one by its id. */
function optionsRule({ use, id, json }: DescribedPlugin): object {
  const { $schema: _, required: __, ...options } = json
  const byUse = { required: ['use'], properties: { use: { const: use } } }
  const byId = { required: ['id'], properties: { id: { const: id }, use: false } }
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits this
  return { if: { anyOf: [byUse, byId] }, then: { properties: { config: options } } }
}
