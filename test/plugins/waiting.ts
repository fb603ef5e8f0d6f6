// Real sockets: time passes by itself, and a test looks again after each turn of the event loop.
import type { Passing } from '../conformance/passing.js'

export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Resolves when the condition holds; rejects when it does not for nine seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 9000
  for (let turns = 0; !holds(); turns++) {
    if (performance.now() > end) throw new Error(`waited in vain for ${holds.toString()}`)
    if (turns < 100) await turn()
    else await new Promise(resolve => setTimeout(resolve, 2))
  }
}

/** Loopback delivers within the call, so some turns see what is under way. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn()
}

export const passing: Passing = { until, settle }
