// The tracker on the main thread, which knows besides how it can be opened in others. Asked when a server starts: what
// store and policies can give a thread may only be known by then.
import { portableTracker } from '../../core/tracker/tracker-in-thread.js'
import { TrackerCore } from '../../core/tracker/tracker-core.js'
import type { Host } from '../../core/base/host.js'
import type { Portable } from '../../core/base/portable.js'
import type { TrackerService } from '../../core/contracts/tracker.js'
import type { TrackerParts } from '../../core/tracker/tracker-in-thread.js'

export class NodeTracker extends TrackerCore implements TrackerService {
  constructor(
    private readonly parts: TrackerParts,
    { clock, random, log }: Host,
  ) {
    const { options, store, policies, rate, refusals } = parts
    const asked = policies.map(({ part }) => part)
    super(store.part, asked, options, clock, random, log, rate, refusals?.row(0))
  }

  get inThread(): Portable<TrackerService> | undefined {
    const portable = portableTracker(this.parts)
    return typeof portable === 'string' ? undefined : portable
  }

  get whyNoThreads(): string | undefined {
    const portable = portableTracker(this.parts)
    return typeof portable === 'string' ? portable : undefined
  }

  threadEnded(number: number): void {
    this.parts.store.part.threadEnded?.(number)
  }
}
