// Keeps an access list as its file says. While the file is broken or gone the last good list stands.
import { messageOf } from '../../core/base/errors.js'
import { readAccessList } from './access-list.js'
import { ownErrors } from './errors.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { Logger } from '../../core/base/log.js'
import type { FileSystem } from '../../core/contracts/host.js'
import type { AccessList } from './access-list.js'

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
    private readonly list: AccessList,
    private readonly path: string,
    private readonly files: Pick<FileSystem, 'stat' | 'read'>,
    private readonly log: Logger,
  ) {}

  /** Reads the list; rejects where it cannot be read. Then looks after it until `stop`. */
  async start(clock: Clock, checkSeconds: number): Promise<void> {
    const fault = await this.refresh()
    if (fault !== null) throw ownErrors.make('ERR_ACCESS_LIST', fault)
    this.log.info('access list read', { file: this.path, torrents: this.list.hashes.size })
    if (!this.stopped) this.timer = clock.every(checkSeconds * 1000, () => void this.check())
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private async check(): Promise<void> {
    if (this.busy) return
    this.busy = true
    const before = this.list.hashes
    const fault = await this.refresh()
    this.busy = false
    if (fault !== null && fault !== this.complaint) this.log.warn(`${fault}; the list read before stands`)
    this.complaint = fault
    if (this.list.hashes !== before)
      this.log.info('access list read again', { file: this.path, torrents: this.list.hashes.size })
  }

  /** What is wrong, or null. */
  private async refresh(): Promise<string | null> {
    const name = `access list ${this.path}`
    try {
      const facts = await this.files.stat(this.path)
      if (facts === null || facts.directory) {
        this.stamp = ''
        return `${name}: there is no such file`
      }
      const stamp = `${facts.length} ${facts.mtimeMs}`
      if (stamp === this.stamp) return this.broken
      const hashes = readAccessList(await this.files.read(this.path))
      this.stamp = stamp
      this.broken = typeof hashes === 'string' ? `${name}: ${hashes}` : null
      if (typeof hashes !== 'string') this.list.hashes = hashes
      return this.broken
    } catch (error) {
      this.stamp = ''
      return `${name}: ${messageOf(error)}`
    }
  }
}
