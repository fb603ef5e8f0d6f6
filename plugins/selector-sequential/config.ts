import { z } from '../../core/kernel/plugin.js'

export const options = z.strictObject({
  windowPieces: z
    .int()
    .min(1)
    .max(100_000)
    .default(64)
    .describe(
      'How far ahead of the first missing piece pieces are fetched in order. A peer that has none of them is asked for a random later one.',
    ),
})

export type SequentialOptions = z.output<typeof options>
