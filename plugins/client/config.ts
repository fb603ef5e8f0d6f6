import { path, z } from '../../core/kernel/plugin.js'
import { DAYS } from './limit-schedule.js'
import { limitOptions } from './limit-options.js'
import { seedGoal } from './seed-goal.js'
import { fileWishes, torrentOptions } from './torrent-options.js'
import { queueOptions } from './torrent-queue.js'

const listen = z.string().regex(/^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/, 'HOST:PORT, [ADDRESS]:PORT for IPv6')

const hour = (pattern: RegExp) => z.string().regex(pattern, 'a time of day such as "08:30"')

export const config = z.strictObject({
  listen: z
    .union([listen, z.array(listen)])
    .default('0.0.0.0:6881')
    .describe(
      'Where peers reach this node: HOST:PORT or a list of them; [::]:PORT takes both families; port 0 any free one; an empty list none',
    ),
  morePorts: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe('How many further ports are tried, one by one, when the port is in use'),
  share: path().optional().describe('A folder: every file or folder in it becomes a torrent and is seeded'),
  sampleShare: z
    .boolean()
    .default(false)
    .describe('Put a small sample into the share folder where that does not exist yet'),
  announceTo: z
    .union([z.literal('self'), z.array(z.string())])
    .default([])
    .describe(
      '"self": the trackers of this node; or announce URLs. Added to what each torrent names itself, private ones excepted',
    ),
  torrents: z
    .array(z.strictObject({ file: path().describe('A .torrent file'), ...torrentOptions.shape }))
    .default([])
    .describe('Torrents to download, and to seed once they are whole'),
  seeds: z
    .array(
      z.strictObject({
        path: path().describe('A file or folder to seed'),
        torrent: path().optional().describe('Its .torrent file; by default one is made'),
        ...torrentOptions.pick({ announceTo: true, paused: true, seedGoal: true, limits: true }).shape,
      }),
    )
    .default([])
    .describe('Content to seed from where it lies'),
  queue: queueOptions.prefault({}).describe('How many torrents are at work at once'),
  seedGoal: seedGoal
    .default({})
    .describe('When a torrent has been seeded enough, whichever comes first; by default never'),
  moveTo: path()
    .optional()
    .describe('The folder to which downloads are moved once they are whole; by default they stay'),
  limits: limitOptions.optional().describe('How fast all torrents together may go, at most'),
  alternativeLimits: limitOptions
    .optional()
    .describe('Other limits for the whole node, for hours of the schedule or until further notice'),
  schedule: z
    .array(
      z.strictObject({
        days: z
          .array(z.enum(DAYS))
          .min(1)
          .default([...DAYS])
          .describe('Days on which the hours begin; by default all'),
        from: hour(/^([01]\d|2[0-3]):[0-5]\d$/)
          .default('00:00')
          .describe('Local time, HH:MM'),
        to: hour(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/)
          .default('24:00')
          .describe('Local time, HH:MM; on the next day where it is not after "from"'),
        limits: limitOptions.optional().describe('What holds in these hours; by default the alternative limits'),
      }),
    )
    .default([])
    .describe('When other limits hold for the whole node; of several that match the last one counts'),
  priorities: fileWishes
    .default({})
    .describe('What is wanted of every torrent, as in `torrents`; a pattern need not fit anything here'),
  firstAndLast: z
    .boolean()
    .default(false)
    .describe('The first and the last piece of every wanted file before all others, where a torrent does not say'),
  selector: z.string().default('rarest-first').describe('The piece selector, by name'),
  storage: z.string().default('file').describe('The storage, by name'),
  transport: z.string().default('tcp').describe('The peer transport, by name'),
  bufferMiB: z
    .int()
    .min(1)
    .max(16384)
    .default(64)
    .describe('Memory for pieces on their way to and from the disk, in all'),
  maxPeers: z.int().min(1).max(10_000).default(200).describe('Connected peers, a torrent'),
  maxPeersInAll: z.int().min(1).max(60_000).default(2_000).describe('Connected peers, in all'),
  maxPeersPerAddress: z
    .int()
    .min(1)
    .default(8)
    .describe('Connected peers from one address, a torrent; loopback is exempt'),
  maxHalfOpen: z.int().min(1).max(1_000).default(32).describe('Connections being opened at once'),
  uploadSlots: z
    .union([z.literal('auto'), z.int().min(1).max(10_000)])
    .default('auto')
    .describe('Peers that are uploaded to at once, at most, a torrent; "auto": as many as the upload capacity feeds'),
})

export type ClientConfig = z.output<typeof config>
