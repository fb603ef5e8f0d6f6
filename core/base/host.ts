import type { Clock } from './clock.js'
import type { Logger } from './log.js'
import type { Entropy, Random } from './random.js'

/** The four impure things every plugin gets; all else that touches the world is a contract some plugin provides. */
export interface Host {
  readonly clock: Clock
  readonly random: Random
  readonly entropy: Entropy
  readonly log: Logger
}
