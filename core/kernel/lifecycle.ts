// One phase over the plugins of a node: level by level, side by side within a level, each hook with a deadline.
import type { Clock, Timer } from '../base/clock.js'
import { messageOf, NodeError } from '../base/errors.js'
import { kernelErrors } from './errors.js'
import type { Lifecycle, MaybePromise } from './plugin.js'

export type Phase = 'setup' | 'start' | 'ready' | 'drain' | 'stop'

/** Milliseconds. Going down is bounded to a few seconds, since somebody has asked for it and is waiting. */
export const DEADLINES: Readonly<Record<Phase, number>> = {
  setup: 10_000,
  start: 30_000,
  ready: 30_000,
  drain: 4_000,
  stop: 5_000,
}

export interface Living {
  readonly id: string
  readonly hooks: Lifecycle
  readonly timings: Partial<Record<Phase, number>>
}

/** How long a hook that was told to give up may still take. */
const GRACE_MS = 2_000

/** Runs one hook. Rejects with an error that names the plugin, the phase and what to do. */
export async function runHook<T>(
  clock: Clock,
  id: string,
  phase: Phase,
  stopped: AbortSignal,
  hook: (signal: AbortSignal) => MaybePromise<T>,
): Promise<T> {
  const own = new AbortController()
  let refuse: (error: NodeError) => void = () => {}
  const late = new Promise<never>((_, reject) => {
    refuse = reject
  })
  const limit = (ms: number): Timer =>
    clock.after(ms, () => {
      const what = `plugin "${id}" has not finished ${phase} within ${ms / 1000} s`
      const message = `${what}; look at what it waits for, or take it out of the profile`
      const error = kernelErrors.make('ERR_PHASE_TIMEOUT', message, { details: { plugin: id, phase } })
      own.abort(error)
      refuse(error)
    })
  let timer = limit(DEADLINES[phase])
  const giveUp = (): void => {
    timer.cancel()
    timer = limit(GRACE_MS)
    own.abort(stopped.reason)
  }
  stopped.addEventListener('abort', giveUp, { once: true })
  try {
    stopped.throwIfAborted()
    return await Promise.race([(async () => hook(own.signal))(), late])
  } catch (error) {
    throw named(error, id, phase)
  } finally {
    timer.cancel()
    stopped.removeEventListener('abort', giveUp)
  }
}

/** The error with plugin and phase in it; its own code and blame stay when it has them. */
export function named(error: unknown, id: string, phase: string): NodeError {
  if (!NodeError.is(error)) {
    const message = `plugin "${id}" failed in ${phase}: ${messageOf(error)}; this is a fault of the plugin, please report it to its author`
    return kernelErrors.make('ERR_PLUGIN_THREW', message, { cause: error, details: { plugin: id, phase } })
  }
  if (error.details['plugin'] !== undefined) return error
  const details = { ...error.details, plugin: id, phase }
  return new NodeError(error.code, error.blame, `plugin "${id}" failed in ${phase}: ${error.message}`, {
    cause: error,
    details,
  })
}

/** Runs a phase up the levels and gives what went wrong; after a failure the level is let finish and no other begins. */
export async function runUp(
  clock: Clock,
  phase: 'start' | 'ready',
  levels: ReadonlyArray<readonly Living[]>,
  stopped: AbortSignal,
): Promise<NodeError[]> {
  const failures: NodeError[] = []
  for (const level of levels) {
    if (failures.length > 0 || stopped.aborted) break
    const doomed = new AbortController()
    const follow = (): void => doomed.abort(stopped.reason)
    stopped.addEventListener('abort', follow)
    await Promise.all(
      level.map(async part => {
        const error = await runOne(clock, phase, part, doomed.signal)
        if (error === null) return
        if (!doomed.signal.aborted) failures.push(error)
        doomed.abort(error)
      }),
    )
    stopped.removeEventListener('abort', follow)
  }
  return failures
}

/** Runs a phase down the levels, whatever fails, and gives the failures. */
export async function runDown(
  clock: Clock,
  phase: 'drain' | 'stop',
  levels: ReadonlyArray<readonly Living[]>,
): Promise<NodeError[]> {
  const failures: NodeError[] = []
  const never = new AbortController().signal
  for (const level of levels.toReversed()) {
    const results = await Promise.all(level.toReversed().map(part => runOne(clock, phase, part, never)))
    failures.push(...results.filter(error => error !== null))
  }
  return failures
}

async function runOne(clock: Clock, phase: Phase, part: Living, stopped: AbortSignal): Promise<NodeError | null> {
  const hook = phase === 'setup' ? undefined : part.hooks[phase]
  if (hook === undefined) return null
  const from = clock.now()
  try {
    await runHook(clock, part.id, phase, stopped, signal => hook.call(part.hooks, signal))
    return null
  } catch (error) {
    return named(error, part.id, phase)
  } finally {
    part.timings[phase] = clock.now() - from
  }
}
