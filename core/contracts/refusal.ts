import type { Later } from '../base/later.js'

/**
 * Why an announce is refused, and what comes of it. Whoever refuses keeps its refusals and gives the same objects again
 * and again: nothing is allocated to turn somebody away.
 */
export interface Refused {
  /** One line of plain text, for the client's user. */
  readonly reason: string
  /** What it is counted as; `other` where absent. */
  readonly kind?: RefusalKind
  /**
   * When asking again may help (BEP 31, `retry in`): whole minutes from 1, or never. Absent: the client knows best. What
   * is not tracked here is `never`; a cap is some minutes; too fast is one.
   */
  readonly retryMinutes?: number | 'never'
  /** Best not answered at all where the protocol allows that, as UDP does: an answer is what a flood wants. */
  readonly quiet?: true
}

/**
 * not_tracked: that torrent is not for this tracker, or not for this client. full: a cap is reached. too_fast: asked too
 * often. busy: whoever knows could not answer now. fault: ours.
 */
export type RefusalKind = 'not_tracked' | 'full' | 'too_fast' | 'busy' | 'fault' | 'other'

/** A text is the reason alone. */
export type Refusal = string | Refused

export function isRefusal(answer: Refusal | Later<unknown> | object): answer is Refusal {
  return typeof answer === 'string' || 'reason' in answer
}

export function reasonOf(refusal: Refusal): string {
  return typeof refusal === 'string' ? refusal : refusal.reason
}
