const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  kbit: 125,
  mbit: 125e3,
  gbit: 125e6,
}

/** What a limit may look like: "5 MiB/s", "800kB", "50 Mbit/s"; a number alone is bytes a second. */
export const BYTE_RATE = /^(\d+(?:\.\d+)?) *([kmg]?i?b|[kmg]bit)?(?:\/s)?$/i

/** Bytes a second; null where the text is no rate. */
export function parseByteRate(text: string): number | null {
  const match = BYTE_RATE.exec(text.trim())
  const unit = BYTES[(match?.[2] ?? 'b').toLowerCase()]
  return match === null || unit === undefined ? null : Number(match[1]) * unit
}
