// What was chosen of a torrent's files while it ran, in HASH.files beside its progress: only there where it differs from
// what the profile asks for.
import { equalBytes, toHex } from '../../core/base/bytes.js'
import { messageOf, NodeError } from '../../core/base/errors.js'
import type { FileSystem } from '../../core/contracts/host.js'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { scanBencode, type BencodeRules } from '../../core/protocol/bencode-scan.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { FileChoice } from '../../core/torrent/file-choice.js'
import { clientErrors } from './errors.js'

export interface SavedChoice {
  readonly chosen: FileChoice
  /** What the profile asked for then: once it asks for something else, that holds. */
  readonly asked: FileChoice
}

const SUFFIX = '.files'
const VERSION = 1
const RULES: BencodeRules = { maxBytes: 1 << 24, maxDepth: 2, maxTokens: 32 }

/** Which torrents have one. The disk is asked once for a folder, and not for each of thousands of torrents without any. */
export class KeptChoices {
  private readonly folders = new Map<string, Promise<Set<string>>>()

  constructor(private readonly files: FileSystem) {}

  in(folder: string): Promise<Set<string>> {
    let names = this.folders.get(folder)
    if (names === undefined) {
      const listed = this.files.list(folder).catch(() => [])
      names = listed.then(found => new Set(found.filter(name => name.endsWith(SUFFIX))))
      this.folders.set(folder, names)
    }
    return names
  }
}

export class ChoiceStore {
  private readonly name: string
  private readonly path: string
  private latest: Promise<void> = Promise.resolve()

  constructor(
    private readonly files: FileSystem,
    private readonly kept: KeptChoices,
    private readonly warn: (error: NodeError) => void,
    private readonly folder: string,
    private readonly infoHash: InfoHash,
  ) {
    this.name = `${toHex(infoHash)}${SUFFIX}`
    this.path = `${folder}/${this.name}`
  }

  /** null: there is none, or none that can be used; that is set aside, with one warning. */
  async load(fileCount: number): Promise<SavedChoice | null> {
    const kept = await this.kept.in(this.folder)
    if (!kept.has(this.name)) return null
    const saved = decode(await this.files.read(this.path), this.infoHash, fileCount)
    if (saved !== null) return saved
    kept.delete(this.name)
    await this.files.rename(this.path, `${this.path}.bad`)
    const message = `what was chosen of the files cannot be read from ${this.path}; it is kept as ${this.path}.bad, and what the profile asks for is done`
    this.warn(clientErrors.make('ERR_CLIENT_STATE', message))
    return null
  }

  /** null: nothing is to be remembered. Rejects where it cannot be. */
  save(saved: SavedChoice | null): Promise<void> {
    const done = this.latest.then(() => this.put(saved))
    this.latest = done.catch(() => undefined)
    return done
  }

  private async put(saved: SavedChoice | null): Promise<void> {
    const kept = await this.kept.in(this.folder)
    try {
      if (saved !== null) {
        kept.add(this.name)
        await this.files.writeAtomic(this.path, encode(saved, this.infoHash))
      } else if (kept.delete(this.name)) await this.files.remove(this.path)
    } catch (error) {
      const message = `what was chosen of the files is done, but could not be written to ${this.path}: ${messageOf(error)}`
      throw clientErrors.make('ERR_CLIENT_STATE', message, { cause: error })
    }
  }
}

function encode({ asked, chosen }: SavedChoice, infoHash: InfoHash): Uint8Array {
  return encodeBencode({
    asked: asked.wishes,
    askedFirstAndLast: Number(asked.firstAndLast),
    chosen: chosen.wishes,
    chosenFirstAndLast: Number(chosen.firstAndLast),
    torrent: infoHash,
    version: VERSION,
  })
}

function decode(bytes: Uint8Array, infoHash: InfoHash, fileCount: number): SavedChoice | null {
  const scanned = scanBencode(bytes, RULES)
  if (scanned instanceof NodeError || !scanned.isDictionary(0)) return null
  const of = scanned.string(scanned.get(0, 'torrent'))
  if (scanned.integer(scanned.get(0, 'version')) !== VERSION || of === null || !equalBytes(of, infoHash)) return null
  const choice = (key: string): FileChoice | null => {
    const wishes = scanned.string(scanned.get(0, key))
    if (wishes === null || wishes.length !== fileCount || wishes.some(wish => wish > 7)) return null
    return {
      wishes: Uint8Array.from(wishes),
      firstAndLast: scanned.integer(scanned.get(0, `${key}FirstAndLast`)) === 1,
    }
  }
  const [asked, chosen] = [choice('asked'), choice('chosen')]
  return asked === null || chosen === null ? null : { asked, chosen }
}
