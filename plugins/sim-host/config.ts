import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  hashMiBPerSecond: z
    .number()
    .positive()
    .default(1000)
    .describe('Virtual speed of hashing. The hashes are real; only the time they take is not.'),
})
