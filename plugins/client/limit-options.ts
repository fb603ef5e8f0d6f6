// Limits as a profile writes them: of the node, of a torrent, of hours of the schedule.
import { BYTE_RATE, parseByteRate } from '../../core/base/byte-rate.js'
import { z } from '../../core/kernel/plugin.js'

/** Below it a single block would take more than 16 s. */
export const LEAST_RATE = 1024

const rate = z
  .union([
    z.int().min(LEAST_RATE),
    z
      .string()
      .regex(BYTE_RATE, 'a rate such as "5 MiB/s", "800 kB/s" or "50 Mbit/s"')
      .refine(text => (parseByteRate(text) ?? LEAST_RATE) >= LEAST_RATE, 'at least 1 KiB/s'),
    z.null(),
  ])
  .optional()

export const limitOptions = z.strictObject({
  down: rate.describe('Download: bytes a second, or a text such as "5 MiB/s"; null: no limit'),
  up: rate.describe('Upload: the same'),
})

/** A direction left out is not limited, or stays as it is. */
export type WrittenLimits = z.output<typeof limitOptions>
