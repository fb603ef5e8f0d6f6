// Keeps an access list as its file says. While the file is broken or gone the last good list stands.
import { messageOf } from '../../core/base/errors.js'
import { KEY_BYTES } from '../../core/base/key-set.js'
import { delay } from '../../core/base/clock.js'
import { ownErrors } from './errors.js'
import { ListScan } from './list-scan.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { KeySetWriter } from '../../core/base/key-set-writer.js'
import type { Logger } from '../../core/base/log.js'
import type { FileSystem } from '../../core/contracts/host.js'

/** About what a file of 256 MiB holds; none larger is read. */
export const MOST_HASHES = 6_500_000
/** Read, or put into the set, between two turns of the loop: a few milliseconds. */
const SLICE = 4000

export class ListFile {
  /** Length and time of the file as last read; a file that keeps both is not read again. */
  private stamp = ''
  private timer: Timer | null = null
  private busy = false
  private stopped = false
  /** What is wrong with the file as last read. */
  private broken: string | null = null
  /** The last complaint, so that each is made once. */
  private complaint: string | null = null

  constructor(
    private readonly hashes: KeySetWriter,
    private readonly path: string,
    private readonly files: Pick<FileSystem, 'stat' | 'read'>,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Reads the list; rejects where it cannot be read. Then looks after it until `stop`. */
  async start(checkSeconds: number): Promise<void> {
    const fault = await this.refresh()
    if (fault !== null) throw ownErrors.make('ERR_ACCESS_LIST', fault)
    this.log.info('access list read', { file: this.path, torrents: this.hashes.size })
    if (!this.stopped) this.timer = this.clock.every(checkSeconds * 1000, () => void this.check())
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private async check(): Promise<void> {
    if (this.busy) return
    this.busy = true
    const before = this.stamp
    const fault = await this.refresh()
    this.busy = false
    if (fault !== null && fault !== this.complaint) this.log.warn(`${fault}; the list read before stands`)
    this.complaint = fault
    if (fault === null && this.stamp !== before && !this.stopped)
      this.log.info('access list read again', { file: this.path, torrents: this.hashes.size })
  }

  /** What is wrong, or null. */
  private async refresh(): Promise<string | null> {
    const name = `access list ${this.path}`
    try {
      const facts = await this.files.stat(this.path)
      if (facts === null || facts.directory) {
        this.stamp = ''
        return `${name}: ${facts === null ? 'there is no such file' : 'it is a folder, not a file'}`
      }
      const stamp = `${facts.length} ${facts.mtimeMs}`
      if (stamp === this.stamp) return this.broken
      const fault = await this.take(await this.files.read(this.path))
      this.stamp = stamp
      this.broken = fault === null ? null : `${name}: ${fault}`
      return this.broken
    } catch (error) {
      this.stamp = ''
      return `${name}: ${messageOf(error)}`
    }
  }

  /** Makes the list what the bytes say, slice by slice. What is wrong with them, or null. */
  private async take(bytes: Uint8Array): Promise<string | null> {
    const scan = new ListScan(bytes)
    while (scan.read(SLICE)) if (await this.interrupted()) return null
    const { fault, count, hashes } = scan
    if (fault !== null) return fault
    if (count > MOST_HASHES) return `it has ${count} torrents, and no list may have more than ${MOST_HASHES}`
    const draft = this.hashes.draft(count)
    for (let i = 0; i < count; i++) {
      if (i > 0 && i % SLICE === 0 && (await this.interrupted())) return null
      draft.put(hashes, KEY_BYTES * i)
    }
    this.hashes.replaceBy(draft)
    return null
  }

  /** Lets others go first. True: no list is wanted any more. */
  private async interrupted(): Promise<boolean> {
    await delay(this.clock, 0)
    return this.stopped
  }
}
