import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  workers: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe(
      'Threads that hash pieces and files, begun when first needed; left out: one a core. 0: the main thread does.',
    ),
})
