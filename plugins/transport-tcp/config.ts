import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  sendBufferKiB: z
    .int()
    .min(64)
    .max(65536)
    .default(512)
    .describe(
      'Unsent bytes of one peer above which it gets nothing more until all of them have left; less where many peers are sent to.',
    ),
  readBufferKiB: z.int().min(16).max(4096).default(128).describe('The one buffer that all connections read into.'),
  backlog: z.int().min(1).max(65535).default(1024).describe('Connections that may wait to be accepted.'),
})
