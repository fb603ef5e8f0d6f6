import { messageOf } from './errors.js'
import type { Logger } from './log.js'

/** What must not throw and did: costs the packet or request, not the node, and is told of once. */
export class FirstFault {
  private told = false

  constructor(
    private readonly log: Logger,
    private readonly what: string,
  ) {}

  tell(error: unknown): void {
    if (this.told) return
    this.told = true
    this.log.error(this.what, { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined })
  }
}
