// Which entry of the schedule holds at an hour of a weekday, in the local time of the node.
export const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

export interface Hours {
  readonly days: ReadonlyArray<(typeof DAYS)[number]>
  /** HH:MM; `to` is no longer within. Where it is not after `from`, it is on the next day. */
  readonly from: string
  readonly to: string
}

const DAY_MS = 86_400_000

/** `localMs`: milliseconds since 1970 as the clocks on the wall show them. The last entry that matches; undefined: none. */
export function entryAt<T extends Hours>(schedule: readonly T[], localMs: number): T | undefined {
  const days = Math.floor(localMs / DAY_MS)
  const minute = Math.floor((localMs - days * DAY_MS) / 60_000)
  // The first day of 1970 was a Thursday.
  return schedule.findLast(entry => holds(entry, (days + 4) % 7, minute))
}

function holds({ days, from, to }: Hours, day: number, minute: number): boolean {
  const on = (weekday: number): boolean => days.some(name => DAYS[weekday] === name)
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  if (begin < end) return on(day) && minute >= begin && minute < end
  return (on(day) && minute >= begin) || (on((day + 6) % 7) && minute < end)
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}
