// Numbers as people read them.

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

export function size(bytes: number): string {
  let value = bytes
  let unit = 'B'
  for (const next of UNITS) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return unit === 'B' ? `${Math.round(value)} B` : `${value.toFixed(1)} ${unit}`
}

export function rate(bytesPerSecond: number): string {
  return `${size(bytesPerSecond)}/s`
}

/** "1h 5m", "3m 20s", "12s"; "-" where there is no telling. */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds > 8_640_000) return '-'
  const whole = Math.ceil(seconds)
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`
  return whole >= 60 ? `${Math.floor(whole / 60)}m ${whole % 60}s` : `${whole}s`
}

/** "1 peer", "2,000 peers": any noun that takes an s. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** Seconds since 1970 as "2026-11-22 16:35:24 UTC"; a number that is no date of this age stays a number. */
export function utcTime(seconds: number): string {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds >= 253_402_300_800) return String(seconds)
  // Years begin in March here, so that a leap day comes last; 719,468 days lie between 0000-03-01 and 1970.
  const days = Math.floor(seconds / 86_400) + 719_468
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const march = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1
  const month = march < 10 ? march + 3 : march - 9
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = [seconds / 3600, seconds / 60, seconds].map((part, i) => two(Math.floor(part) % (i === 0 ? 24 : 60)))
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${time.join(':')} UTC`
}
