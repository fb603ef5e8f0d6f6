// What may be said of one torrent: in the profile, under `torrents`, and by AddOptions of NodeApi. A new option stands
// here and there, and reaches whoever heeds it as `plan.options`.
import { path, z } from '../../core/kernel/plugin.js'
import { limitOptions } from './limit-options.js'
import { seedGoal } from './seed-goal.js'

const wish = z.union([z.enum(['skip', 'low', 'normal', 'high']), z.int().min(0).max(7)])

export const fileWishes = z.record(z.string(), wish)

export const torrentOptions = z.strictObject({
  into: path().optional().describe('The folder the content goes to; by default the root of the storage'),
  selector: z.string().optional().describe('The name of a piece selector, for this torrent'),
  selectorOptions: z.record(z.string(), z.unknown()).default({}).describe('Options for that selector'),
  storage: z.string().optional().describe('The name of a storage, for this torrent'),
  announceTo: z.array(z.string()).readonly().default([]).describe("Announce URLs, added to the torrent's own"),
  moveTo: path().optional().describe('The folder the content is moved to once the download is whole'),
  paused: z.boolean().default(false).describe('It waits until it is told to go on'),
  seedGoal: seedGoal.optional().describe('When it has been seeded enough; by default the goal of all'),
  files: z
    .array(z.union([z.string(), z.int()]))
    .optional()
    .describe(
      'The files that are wanted: numbers as `shoal show` gives them, ranges ("2-5"), patterns ("*.mkv"); by default all',
    ),
  priorities: fileWishes
    .optional()
    .describe(
      'Of the files that are wanted, by number, range or pattern: "skip", "low", "normal", "high", or 0 (skip) to 7; numbers count over patterns',
    ),
  firstAndLast: z.boolean().optional().describe('The first and the last piece of every wanted file before all others'),
  limits: limitOptions.optional().describe('How fast this torrent may go, at most'),
})

type Given = Partial<z.output<typeof torrentOptions>>

export type TorrentOptions = Omit<Given, 'files'> & { readonly files?: ReadonlyArray<string | number> | undefined }
