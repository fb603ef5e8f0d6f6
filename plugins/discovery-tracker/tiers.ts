// Which trackers of a torrent are asked side by side. A policy cuts the tiers of BEP 12 into lanes; each lane is walked
// on its own, front to back, and uses one tracker at a time.
import type { TrackerAddress } from './tracker-record.js'

export type Tiers = ReadonlyArray<readonly TrackerAddress[]>

export type TierPolicy = (tiers: Tiers) => readonly Tiers[]

export const tierPolicies = {
  /** BEP 12: one tracker at a time, a later tier only when the ones before it fail. */
  strict: tiers => [tiers],
  /** One tracker of every tier, all tiers at once. */
  'every-tier': tiers => tiers.map(tier => [tier]),
} satisfies Record<string, TierPolicy>
