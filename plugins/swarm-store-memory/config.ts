import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  memoryMiB: z
    .int()
    .min(8)
    .max(2047)
    .default(1024)
    .describe('Most memory for swarms, in MiB; taken as it is needed. New torrents and peers are refused beyond it.'),
  shared: z
    .boolean()
    .default(true)
    .describe(
      'Whether tracker threads can open the same memory; without, all announces are answered on the main thread.',
    ),
})
