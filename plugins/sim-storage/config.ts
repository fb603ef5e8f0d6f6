import { path, z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  name: z
    .string()
    .min(1)
    .default('file')
    .describe('The name under which the storage is provided; "file", so that a profile works unchanged.'),
  root: path().optional().describe("Folder on the machine's disk that torrents go to when nothing else is said."),
  hashing: z
    .boolean()
    .default(true)
    .describe('Hash beside the disk (verifyAndWrite, check), as storage-file does; without it the hash pool is used.'),
})
