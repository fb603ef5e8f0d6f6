import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  tiers: z
    .enum(['strict', 'every-tier'])
    .default('strict')
    .describe('Which trackers are used: one at a time as BEP 12 says, or one of every tier'),
  numWant: z.int().min(1).max(200).default(50).describe('Peers to ask a tracker for while more are wanted'),
  enoughPeers: z.int().min(1).default(100).describe('With this many peers connected, trackers are asked for none'),
  patienceSeconds: z
    .int()
    .min(5)
    .max(3600)
    .default(45)
    .describe('A tracker that is silent this long is passed over where there is another one'),
})

export type Config = z.output<typeof config>
