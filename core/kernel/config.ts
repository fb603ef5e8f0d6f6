// Options of plugins: checked against the plugin's own schema, defaults filled in, paths resolved, frozen. A schema is a
// zod object or a plain JSON Schema; both end up as a zod check and a JSON Schema to look things up in.
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../base/errors.js'
import { locate, placeOf, plain, type Sourced } from './document.js'
import { show, suggest, type Fault } from './faults.js'
import type { KernelCode } from './errors.js'

export type Shape = z.core.JSONSchema.BaseSchema

export interface OptionsCheck {
  readonly json: Shape
  parse(value: unknown): z.ZodSafeParseResult<unknown>
}

/** Throws when the schema is none that can be used. */
export function optionsCheck(schema: unknown): OptionsCheck {
  if (isZod(schema)) {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    return { json, parse: value => schema.safeParse(value) }
  }
  const json = closed(asShape(schema))
  if (json.type !== 'object') throw new Error('the options schema is neither a zod object nor a JSON Schema object')
  const check = z.fromJSONSchema(json)
  return { json, parse: value => check.safeParse(value) }
}

// By what it can do and not by class, so that a plugin may bring its own copy of zod.
function isZod(schema: unknown): schema is z.ZodType {
  return typeof schema === 'object' && schema !== null && '_zod' in schema && 'safeParse' in schema
}

export function asShape(value: unknown): Shape {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Unknown keys pass a JSON Schema unless every object in it says otherwise. */
function closed(shape: Shape): Shape {
  const copy: Shape = { ...shape }
  if (shape.properties !== undefined) {
    copy.properties = Object.fromEntries(
      Object.entries(shape.properties).map(([key, inner]) => [key, closed(asShape(inner))]),
    )
  }
  if (shape.type === 'object') copy.additionalProperties ??= false
  if (shape.items !== undefined && !Array.isArray(shape.items)) copy.items = closed(asShape(shape.items))
  return copy
}

/** The checked and frozen options, or undefined with the reasons added to `faults`. */
export function configure(check: OptionsCheck, written: Sourced, folder: string, faults: Fault[]): unknown {
  const result = check.parse(plain(withPaths(written, check.json)))
  if (!result.success) {
    faults.push(...issueFaults(result.error.issues, written, check.json))
    return undefined
  }
  return frozen(defaultPaths(result.data, check.json, folder))
}

/** Options marked as paths, made absolute against the folder of the file that wrote each of them. */
export function withPaths(node: Sourced, shape: Shape): Sourced {
  if (node.kind === 'leaf') {
    if (typeof node.value !== 'string' || node.value === '' || !marksPath(shape)) return node
    return { ...node, value: resolve(node.origin.folder, node.value) }
  }
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item, i) => withPaths(item, step(shape, i))) }
  }
  const entries = [...node.entries].map(([key, value]) => [key, withPaths(value, step(shape, key))] as const)
  return { ...node, entries: new Map(entries) }
}

// A default comes from the schema and not from a file: it is relative to the folder of the profile that was started.
function defaultPaths(value: unknown, shape: Shape, folder: string): unknown {
  if (typeof value === 'string') return marksPath(shape) && !isAbsolute(value) ? resolve(folder, value) : value
  if (Array.isArray(value)) return value.map((item, i) => defaultPaths(item, step(shape, i), folder))
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, defaultPaths(item, step(shape, key), folder)]),
  )
}

function marksPath(shape: Shape): boolean {
  return shape.format === 'path' || variants(shape).some(marksPath)
}

function variants(shape: Shape): Shape[] {
  return [...(shape.anyOf ?? []), ...(shape.oneOf ?? []), ...(shape.allOf ?? [])].map(asShape)
}

/** The shape of what lies under a key or index; an empty one where the schema does not say. */
function step(shape: Shape, key: string | number): Shape {
  const inner = typeof key === 'number' ? shape.items : (shape.properties?.[key] ?? shape.additionalProperties)
  if (typeof inner === 'object' && !Array.isArray(inner)) return inner
  for (const variant of variants(shape)) {
    const found = step(variant, key)
    if (Object.keys(found).length > 0) return found
  }
  return {}
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function frozen(value: unknown): unknown {
  if (Array.isArray(value) || isPlain(value)) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}

const CODES = { key: 'ERR_CONFIG_KEY', value: 'ERR_CONFIG_VALUE' } as const

/** What zod found wrong, with places in the file that wrote each value. */
export function issueFaults(
  issues: readonly z.core.$ZodIssue[],
  written: Sourced,
  json: Shape,
  codes: Readonly<Record<'key' | 'value', KernelCode>> = CODES,
): Fault[] {
  return issues.flatMap(issue => {
    const shape = shapeAt(json, issue.path)
    if (issue.code === 'unrecognized_keys') {
      const known = [shape, ...variants(shape)].flatMap(one => Object.keys(one.properties ?? {}))
      return issue.keys.map(key => ({
        code: codes.key,
        place: placeOf(locate(written, [...issue.path, key]).origin),
        found: `the unknown key "${key}"`,
        expected: known.length === 0 ? 'no options' : `one of ${known.join(', ')}`,
        hint: known.length === 0 ? `take "${key}" out` : suggest(key, known, 'keys'),
      }))
    }
    const { node, origin } = locate(written, issue.path)
    // What stands in a list has no name of its own: the list's says more.
    const end = issue.path.findLastIndex(key => typeof key === 'string') + 1
    const name = end === 0 ? 'it' : `"${String(issue.path[end - 1])}"`
    return [
      {
        code: codes.value,
        place: placeOf(origin),
        found: node === undefined ? 'nothing' : show(plain(node, 'raw')),
        expected: expectedBy(issue),
        hint: hintOf(name, shape.description === undefined ? shapeAt(json, issue.path.slice(0, end)) : shape),
      },
    ]
  })
}

function shapeAt(json: Shape, path: readonly PropertyKey[]): Shape {
  return path.reduce<Shape>((inner, key) => step(inner, typeof key === 'number' ? key : String(key)), json)
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    const each = issue.errors.flatMap(errors => errors.slice(0, 1).map(expectedBy))
    if (each.length > 0) return [...new Set(each)].join(' or ')
  }
  return issue.message
    .replace(/^(Invalid input|Invalid option|Too small|Too big): expected /, '')
    .replace(/, received .*$/, '')
}

function hintOf(name: string, shape: Shape): string {
  const fallback = shape.default === undefined ? '' : ` (default ${show(shape.default)})`
  if (shape.description !== undefined) return `${name}: ${shape.description}${fallback}`
  return shape.default === undefined ? `set ${name} to what is expected` : `set ${name}, or leave it out${fallback}`
}

/** For the loader: why a schema cannot be used. */
export function tryOptionsCheck(schema: unknown): OptionsCheck | string {
  try {
    return optionsCheck(schema)
  } catch (error) {
    return messageOf(error)
  }
}

/** Of new faults, those at places that nothing was said about yet: what is wrong twice over is told once. */
export function untold(found: readonly Fault[], told: readonly Fault[]): Fault[] {
  const places = new Set(told.map(fault => fault.place))
  return found.filter(fault => !places.has(fault.place))
}
