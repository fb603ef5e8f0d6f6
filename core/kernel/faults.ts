// A fault is one thing wrong with a profile, told so that it can be put right: where, what was found, what was expected,
// what to do. A phase collects all of its faults into one report.
import type { NodeError } from '../base/errors.js'
import { kernelErrors, type KernelCode } from './errors.js'

export interface Fault {
  readonly code: KernelCode
  /** A file and a JSON Pointer into it: "config/tracker.json#/plugins/2/config/listen". */
  readonly place: string
  readonly found: string
  readonly expected: string
  readonly hint: string
}

/** One error for all faults; its code is the first one's, and `details.faults` holds them. */
export function faultReport(profile: string, faults: readonly Fault[]): NodeError {
  const [first] = faults
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  const text = `${profile}: ${count}, nothing was started\n\n${faults.map(formatFault).join('\n\n')}`
  return kernelErrors.make(first?.code ?? 'ERR_PROFILE_SHAPE', text, { details: { profile, faults } })
}

export function formatFault(fault: Fault): string {
  const { code, place, found, expected, hint } = fault
  return `${code} at ${place}\n  found     ${found}\n  expected  ${expected}\n  hint      ${hint}`
}

/** Any value in one line that is not too long; of what JSON cannot hold, its type. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = asJson(value) ?? typeof value
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** The known name that a misspelt one was probably meant to be. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const far = distance(name.toLowerCase(), candidate.toLowerCase())
    if (far < least) [best, least] = [candidate, far]
  }
  return best
}

/** "did you mean ...?" where a known name is near, else the list of known names. */
export function suggest(name: string, known: readonly string[], what: string): string {
  const near = nearest(name, known)
  if (near !== undefined) return `did you mean "${near}"?`
  return known.length === 0 ? `there are no ${what} here` : `known ${what}: ${known.join(', ')}`
}

// Levenshtein, one row at a time.
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
