// When a torrent has been seeded enough.
import { z } from '../../core/kernel/plugin.js'

export const seedGoal = z.strictObject({
  ratio: z.number().min(0).optional().describe('Bytes uploaded for each byte of the content that is here'),
  minutes: z.number().min(0).optional().describe('Minutes spent seeding, earlier runs included'),
})

export type SeedGoal = z.output<typeof seedGoal>

export interface Seeded {
  readonly bytesDone: number
  readonly uploaded: number
  readonly seedingMs: number
}

/**
 * Whichever comes first. What is here counts, and not what was downloaded: content that was never downloaded has a ratio
 * too, and so has a choice of its files.
 */
export function goalReached({ ratio, minutes }: SeedGoal, { bytesDone, uploaded, seedingMs }: Seeded): boolean {
  if (ratio !== undefined && uploaded >= ratio * bytesDone) return true
  return minutes !== undefined && seedingMs >= minutes * 60_000
}
