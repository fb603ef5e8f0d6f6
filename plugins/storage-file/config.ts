import { path, z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  workers: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe(
      'threads that hash and write, begun as they are needed; 0 works on the main thread; left out: one a core, at most 4',
    ),
  openFiles: z
    .int()
    .min(4)
    .max(65536)
    .default(64)
    .describe('file handles kept open at most, over all torrents and threads; the least recently used is closed first'),
  root: path().optional().describe('folder that torrents go to when nothing else is said'),
})
