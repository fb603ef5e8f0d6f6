import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  bufferBytes: z
    .int()
    .min(65_536)
    .max(2 ** 30)
    .default(4 * 2 ** 20)
    .describe(
      'Asked of the system for what a socket has not yet read, and as much for what it has not yet sent. Without privileges no more than net.core.rmem_max is granted.',
    ),
})
