// Regular slots once we only seed. Nobody gives us anything then, so everyone gets a turn: in every third round half of
// the slots go to those who have waited longest. The other half stays with those who take fastest, who are likely to
// hand on fastest, but with nobody for longer than four turns while others wait.
import type { ChokeCandidate } from '../../core/contracts/choke-policy.js'

/** A round held out of turn does not seat further peers: whoever was seated this lately is the turn's. */
export const TURN_MS = 15_000
/** Turns after which even the fastest gives way. */
const LONGEST = 4

/** Those who are to have the regular slots. */
export function seedTurns(
  candidates: readonly ChokeCandidate[],
  asking: readonly number[],
  slots: number,
  turn: boolean,
  trialMs: number,
): readonly number[] {
  const at = (i: number): ChokeCandidate => candidates[i]!
  const waiting = asking.filter(i => !at(i).unchoked).sort((i, j) => at(j).sinceMs - at(i).sinceMs)
  const holding = asking.filter(i => at(i).unchoked)
  const settled = (i: number): boolean => at(i).sinceMs >= trialMs
  const tired = (i: number): number => Number(at(i).sinceMs >= LONGEST * trialMs)
  // The last ones give way first: those past their time, then the slowest, then those who were served longest.
  holding.sort(
    (i, j) =>
      Number(settled(i)) - Number(settled(j)) ||
      tired(i) - tired(j) ||
      at(j).rateFromUs - at(i).rateFromUs ||
      at(i).sinceMs - at(j).sinceMs,
  )
  const seated = holding.filter(i => at(i).sinceMs < TURN_MS).length
  const due = turn ? Math.max(0, Math.ceil(slots / 2) - seated) : 0
  const leaving = Math.min(due, waiting.length, holding.filter(settled).length)
  const staying = holding.slice(0, Math.max(0, Math.min(slots, holding.length - leaving)))
  return [...staying, ...waiting.slice(0, slots - staying.length)]
}
