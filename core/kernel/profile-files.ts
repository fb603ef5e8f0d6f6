// The files of a profile: read, parsed, checked for their form, and put in the order in which they are laid over one
// another. Each is taken once, before the files that extend it, so that what two of them share is not merged over what
// one of them changed.
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../base/errors.js'
import { issueFaults, untold } from './config.js'
import { locate, placeOf, plain, sourced, type Environment, type Origin, type Sourced } from './document.js'
import type { Fault } from './faults.js'
import { jsonFault } from './json-text.js'
import { path } from './plugin.js'

const entryShape = z
  .strictObject({
    id: z.string().min(1).optional().describe('name of this entry; entries of one id are merged'),
    use: z.string().min(1).optional().describe('builtin:NAME, a path from this file, or the name of an npm package'),
    config: z.record(z.string(), z.unknown()).optional().describe('options of the plugin'),
    enabled: z.boolean().optional().describe('false takes the entry out'),
    critical: z.boolean().optional().describe('true: the node stops when this plugin fails after start-up'),
  })
  .refine(entry => entry.id !== undefined || entry.use !== undefined, { error: 'an entry with an "id" or a "use"' })

export const nodeShape = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('what this node is called'),
  dataDir: path().optional().describe('folder in which the node keeps its state'),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional().describe('the least level that is logged'),
  seed: z.int().nullable().optional().describe('a number makes random choices repeatable'),
})

const profileShape = z.strictObject({
  $schema: z.string().optional().describe('for editors'),
  extends: z.array(z.string().min(1)).optional().describe('profiles that this one is laid over, in order'),
  node: nodeShape.optional().describe('the node itself'),
  plugins: z.array(entryShape).optional().describe('the plugins of the node'),
})

export const profileJson = z.toJSONSchema(profileShape, { io: 'input' })
const CODES = { key: 'ERR_PROFILE_SHAPE', value: 'ERR_PROFILE_SHAPE' } as const

/** A profile that is no file: what it says, and the folder its relative paths start from. */
export interface InlineProfile {
  readonly name: string
  readonly folder: string
  readonly content: unknown
}

export interface ProfileReader {
  readText(path: string): Promise<string>
  readonly env: Environment
  /** Absolute. */
  readonly workingDir: string
}

export class ProfileFiles {
  readonly documents: Sourced[] = []
  private readonly seen = new Set<string>()

  constructor(
    private readonly reader: ProfileReader,
    private readonly faults: Fault[],
  ) {}

  /** Where a file is and how reports call it: by its way from the working directory when it lies below that. */
  originOf(file: string): Origin {
    const short = relative(this.reader.workingDir, file)
    return { source: short.startsWith('..') || isAbsolute(short) ? file : short, folder: dirname(file), pointer: '' }
  }

  /** Adds a file after all it extends. `chain` is the way here, to find a profile that extends itself. */
  async addFile(file: string, askedAt: Origin | null = null, chain: readonly string[] = []): Promise<void> {
    const origin = this.originOf(file)
    const place = placeOf(askedAt ?? origin)
    if (chain.includes(file)) {
      const found = [...chain.slice(chain.indexOf(file)), file].map(one => this.originOf(one).source).join(' -> ')
      const expected = 'profiles that do not extend themselves'
      this.faults.push({ code: 'ERR_PROFILE_CYCLE', place, found, expected, hint: 'take one of these "extends" out' })
      return
    }
    if (this.seen.has(file)) return
    this.seen.add(file)
    let text: string
    try {
      text = await this.reader.readText(file)
    } catch (error) {
      const hint = `check the path; it is relative to ${askedAt?.folder ?? 'the working directory'}`
      const found = `${file}: ${messageOf(error)}`
      this.faults.push({ code: 'ERR_PROFILE_READ', place, found, expected: 'a JSON file that can be read', hint })
      return
    }
    const parsed = this.parse(text, origin)
    if (parsed !== undefined) await this.addContent(parsed, origin, [...chain, file])
  }

  async addContent(content: unknown, origin: Origin, chain: readonly string[] = []): Promise<void> {
    const document = sourced(content, origin, this.reader.env, this.faults)
    const checked = profileShape.safeParse(plain(document))
    const issues = checked.success ? [] : issueFaults(checked.error.issues, document, profileJson, CODES)
    this.faults.push(...untold(issues, this.faults))
    for (const [i, base] of (checked.data?.extends ?? []).entries()) {
      const at = locate(document, ['extends', i]).origin
      await this.addFile(resolve(at.folder, base), at, chain)
    }
    this.documents.push(document)
  }

  private parse(text: string, origin: Origin): unknown {
    const bare = text.replace(/^\uFEFF/, '')
    const fault = jsonFault(bare)
    if (fault === null) return JSON.parse(bare)
    this.faults.push({
      code: 'ERR_PROFILE_JSON',
      place: `${origin.source}:${fault.line}:${fault.column}`,
      found: fault.found,
      expected: 'JSON: names and strings in double quotes, every name once, no comma after the last item, no comments',
      hint: 'correct the text at this place, or just before it',
    })
    return undefined
  }
}
