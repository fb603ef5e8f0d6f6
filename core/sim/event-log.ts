// What happened in a world, one line an event. Two runs of one seed must give the same lines; the digest says so in
// one comparison, and the first line that differs says where they part.
import { createHash } from 'node:crypto'
import { toHex } from '../base/bytes.js'
import type { Timeline } from './timeline.js'

export class EventLog {
  readonly lines: string[] = []
  private readonly hash = createHash('sha1')

  constructor(private readonly timeline: Timeline) {}

  add(who: string, what: string): void {
    const line = `${this.timeline.now.toFixed(6)} ${who} ${what}`
    this.lines.push(line)
    this.hash.update(`${line}\n`)
  }

  /** SHA-1 over all lines so far. */
  digest(): string {
    return toHex(this.hash.copy().digest())
  }
}

/** The first place where two logs differ, for people; null where they are equal. */
export function firstDifference(a: readonly string[], b: readonly string[]): string | null {
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return `line ${i + 1}: ${a[i] ?? '(nothing)'} | ${b[i] ?? '(nothing)'}`
  }
  return null
}

/** A short mark of some bytes, so that a log tells apart messages of equal length (FNV-1a). */
export function mark(bytes: Uint8Array): string {
  let h = 0x811c9dc5
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193)
  return (h >>> 0).toString(16).padStart(8, '0')
}
