// Who observes the node, and what it is told. What is told before anybody observes waits for the first who does.
import { messageOf } from '../../core/base/errors.js'
import type { Logger } from '../../core/base/log.js'
import type { NodeEvent } from '../../core/contracts/node-api.js'

/** Events kept for whoever observes first. */
const MOST_KEPT = 1_000

export class NodeEvents {
  private readonly listeners = new Set<(event: NodeEvent) => void>()
  private unheard: NodeEvent[] | null = []

  constructor(
    /** Of the plugin that tells. */
    private readonly id: string,
    private readonly log: Logger,
  ) {}

  observe(listener: (event: NodeEvent) => void): () => void {
    this.listeners.add(listener)
    const unheard = this.unheard ?? []
    this.unheard = null
    for (const event of unheard) this.tell(listener, event)
    return () => this.listeners.delete(listener)
  }

  say(told: NodeEvent): void {
    const trouble = told.event === 'warning' || told.event === 'error'
    const event = trouble ? { ...told, plugin: this.id } : told
    if (this.unheard !== null && this.unheard.length < MOST_KEPT) this.unheard.push(event)
    for (const listener of this.listeners) this.tell(listener, event)
  }

  /** An observer that throws must not end what it was told of. */
  private tell(listener: (event: NodeEvent) => void, event: NodeEvent): void {
    try {
      listener(event)
    } catch (error) {
      this.log.error('an observer of the node threw', { event: event.event, error: messageOf(error) })
    }
  }
}
