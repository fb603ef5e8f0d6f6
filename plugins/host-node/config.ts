import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  workers: z
    .int()
    .min(0)
    .max(64)
    .default(2)
    .describe('Threads that hash pieces and files. 0 hashes on the main thread.'),
})
