// How many announces the tracker has refused, by what their refusals are counted as, over all threads.
import { ThreadCounts } from './thread-counts.js'
import type { Refusal, RefusalKind } from '../contracts/refusal.js'

const PLACES: Readonly<Record<RefusalKind, number>> = {
  not_tracked: 0,
  full: 1,
  too_fast: 2,
  busy: 3,
  fault: 4,
  other: 5,
}

export type RefusalCounts = ThreadCounts<RefusalKind>

/** New ones, or those in `memory` that came from elsewhere. */
export function refusalCounts(memory?: SharedArrayBuffer): RefusalCounts {
  return new ThreadCounts(PLACES, memory)
}

/** `row`: this thread's. */
export function countRefusal(row: Float64Array, refusal: Refusal): void {
  const kind = typeof refusal === 'string' ? 'other' : (refusal.kind ?? 'other')
  row[PLACES[kind]]! += 1
}
