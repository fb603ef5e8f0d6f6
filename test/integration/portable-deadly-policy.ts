// A plugin with an announce policy that ends the thread it is asked in, over one info-hash: nothing of ours does that,
// but another's plugin may, and so may the system.
import { AnnouncePolicies, type AnnouncePolicy, type AnnounceRequest } from '../../core/contracts/index.js'
import { definePlugin, z } from '../../core/kernel/plugin.js'

/** Of the info-hash it dies of, the first byte. */
export const DEADLY = 0xdd

/** What opens it in a thread. */
export function open(): AnnouncePolicy {
  return {
    admit(request: AnnounceRequest) {
      // In a worker this is the end of the worker alone.
      if (request.infoHash[0] === DEADLY) process.exit(1)
      return null
    },
  }
}

/** The main thread's side of it, which does no harm. */
export const deadlyPolicy: AnnouncePolicy = {
  admit: () => null,
  inThread: { module: import.meta.url, data: null },
}

export default definePlugin({
  name: 'deadly-policy',
  config: z.strictObject({}),
  provides: [AnnouncePolicies],
  setup: ctx => ctx.provide(AnnouncePolicies, deadlyPolicy),
})
