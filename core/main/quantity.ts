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
