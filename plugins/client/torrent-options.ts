// What may be said of one torrent: in the profile, under `torrents`, and by AddOptions of NodeApi. A new option stands
// here and there, and reaches whoever heeds it as `plan.options`.
import { path, z } from '../../core/kernel/plugin.js'
import { limitOptions } from './limit-options.js'
import { seedGoal } from './seed-goal.js'

export const torrentOptions = z.strictObject({
  into: path().optional().describe('The folder the content goes to; by default the root of the storage'),
  selector: z.string().optional().describe('The name of a piece selector, for this torrent'),
  selectorOptions: z.record(z.string(), z.unknown()).default({}).describe('Options for that selector'),
  storage: z.string().optional().describe('The name of a storage, for this torrent'),
  moveTo: path().optional().describe('The folder the content is moved to once the download is whole'),
  paused: z.boolean().default(false).describe('It waits until it is told to go on'),
  seedGoal: seedGoal.optional().describe('When it has been seeded enough; by default the goal of all'),
  limits: limitOptions.optional().describe('How fast this torrent may go, at most'),
})

export type TorrentOptions = Partial<z.output<typeof torrentOptions>>
