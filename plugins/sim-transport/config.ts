import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  name: z
    .string()
    .min(1)
    .default('tcp')
    .describe('The name under which the transport is provided; "tcp", so that a profile works unchanged.'),
})
