// Which net carries the packets: batched system calls in threads where they can be, else one by one on the main thread.
import { ownErrors } from './errors.js'
import type { BatchedDatagramNet, DatagramNet } from '../../core/contracts/host.js'
import type { TrackerService } from '../../core/contracts/tracker.js'

export interface IoOptions {
  /** Of this plugin, as the profile names it. */
  readonly id: string
  readonly io: 'auto' | 'dgram' | 'mmsg'
}

export interface IoChoice {
  readonly net: DatagramNet
  readonly io: 'dgram' | 'mmsg'
  /** For the log. */
  readonly why: string
}

/** The batched net with its plugin's id, where the profile has one. To be called when all of them have started. */
export function chooseIo(
  { id, io }: IoOptions,
  plain: DatagramNet,
  batched: { readonly id: string; readonly net: BatchedDatagramNet } | undefined,
  service: Pick<TrackerService, 'inThread' | 'whyNoThreads'>,
): IoChoice {
  if (io === 'dgram') return { net: plain, io, why: `option ${id}.io says so` }
  const [reason, remedy] = obstacle(batched, service)
  if (reason === '' && batched !== undefined)
    return { net: batched.net, io: 'mmsg', why: 'batched system calls work here' }
  if (io === 'auto') return { net: plain, io: 'dgram', why: reason }
  const message = `option ${id}.io is "mmsg", which cannot be: ${reason}; ${remedy}, or set it to "auto" or "dgram"`
  throw ownErrors.make('ERR_TRACKER_UDP_IO', message)
}

/** What stands against batched I/O, and what to do about it. Empty where nothing does. */
function obstacle(
  batched: { readonly id: string; readonly net: BatchedDatagramNet } | undefined,
  { inThread, whyNoThreads }: Pick<TrackerService, 'inThread' | 'whyNoThreads'>,
): readonly [string, string] {
  if (batched === undefined) {
    return ['the profile has no plugin for batched system calls', 'add "builtin:datagrams-mmsg" to it']
  }
  const { unusable } = batched.net
  if (unusable !== null) return [`plugin "${batched.id}" cannot work here: ${unusable}`, 'see to that']
  if (inThread !== undefined) return ['', '']
  const reason = whyNoThreads ?? 'the tracker can be asked on the main thread only'
  return [reason, 'do without that plugin or use one that can be opened in threads']
}
