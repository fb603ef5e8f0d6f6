import { z } from '../../core/kernel/plugin.js'

export const options = z.strictObject({
  randomFirstPieces: z
    .int()
    .min(0)
    .max(1000)
    .default(4)
    .describe(
      'Until this many pieces are there, pieces are picked at random: a common one is sooner complete and can be traded.',
    ),
})

export type RarestFirstOptions = z.output<typeof options>
