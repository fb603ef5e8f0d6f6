import { token } from '../base/token.js'

/**
 * Says whether what must always be true of a part of a node is true now: one owner and one state a piece, counts equal
 * to a recount. Asked by simulated worlds after every event, and by nobody in production, so it may take its time; it
 * changes nothing.
 */
export interface Probe {
  readonly name: string
  /** One sentence for each invariant that is broken, naming the numbers that disagree; empty where all hold. */
  check(): readonly string[]
}

/** Whoever owns state that could contradict itself provides one. */
export const Probes = token.many<Probe>('probes')
