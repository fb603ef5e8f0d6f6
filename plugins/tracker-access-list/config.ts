import { path, z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  mode: z
    .enum(['allow', 'deny'])
    .describe('"allow": only the torrents of the list are tracked; "deny": all but those.'),
  file: path().describe(
    'The list: an info-hash of 40 hexadecimal digits a line; what follows it, and lines from #, are remarks.',
  ),
  checkSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(5)
    .describe('How often to look whether the file has changed; it is read again then.'),
})
