import { z } from '../../core/kernel/plugin.js'

export const options = z.strictObject({
  optimisticSlots: z
    .int()
    .min(0)
    .max(16)
    .default(1)
    .describe('Upload slots that go round by lot every third round, so that newcomers may show what they give.'),
  trialSeconds: z
    .int()
    .min(10)
    .max(600)
    .default(30)
    .describe('When seeding: how long a peer keeps a slot it was just given before its rate is judged.'),
})

export type TitForTatOptions = z.output<typeof options>
