import { errorTable } from '../base/errors.js'
import type { Refused } from '../contracts/refusal.js'

export const trackerErrors = errorTable({ ERR_TRACKER_LISTEN: 'operator' })

/** What a client is told where it is not its own fault, nor a policy's or the store's word. */
export const FAULT_OF_OURS: Refused = {
  reason: 'the tracker has a fault of its own; try again later',
  kind: 'fault',
  retryMinutes: 5,
}
