import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  maxMiB: z.number().positive().default(1024).describe('content kept at most, over all torrents; more is a full disk'),
})
