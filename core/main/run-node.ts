// A node under the command line: started, reported, and stopped by a signal or when its work is done. What it tells while
// it starts waits until `ready` has been told.
import { setFlagsFromString } from 'node:v8'
import type { LogLevel } from '../base/log.js'
import type { NodeError } from '../base/errors.js'
import { MetricSources } from '../contracts/metrics.js'
import { Api, type NodeApi, type NodeEvent } from '../contracts/node-api.js'
import type { InlineProfile, Kernel } from '../kernel/kernel.js'
import { errorOf, tellEvent, tellReady } from './event-report.js'
import { systemClock } from './host.js'
import { loadNode } from './node.js'
import { ProgressReport } from './progress.js'
import type { Shell } from './shell.js'
import { EXIT_BY, Signals } from './signals.js'
import { TrackerReport } from './tracker-report.js'

export interface NodeRun {
  readonly profile: string | InlineProfile
  readonly set?: readonly string[]
  /** Where the profile's own level would be too talkative for the command. */
  readonly log?: LogLevel
  /** Once all that the profile names is open. */
  opened?(api: NodeApi): void
  /** Whether this event means that the work is done. A command that has such work fails when it is stopped before. */
  finished?(event: NodeEvent): boolean
  /** It goes on as a seeder until it is stopped, or until the torrent has been seeded enough. */
  readonly staysWhenFinished?: boolean
  /** A failed torrent ends the command; else it is told as a warning, and the others go on. */
  readonly errorsEnd?: boolean
}

type Ending = 'done' | NodeError | NodeJS.Signals

/**
 * A node at full speed makes next to nothing that lasts, yet would let the heap's part for young objects grow to 32 MiB,
 * in each of its threads. It stays as large as it is by now, a few MiB, and theirs at 2.
 */
function keepHeapsSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** Resolves when the node has stopped in order, with the exit code set in the shell. */
export async function runNode(shell: Shell, run: NodeRun): Promise<void> {
  keepHeapsSmall()
  const signals = new Signals()
  const inbox = new Inbox()
  let end: (ending: Ending) => void = () => {}
  const ended = new Promise<Ending>(resolve => (end = resolve))
  const level = shell.level ?? (shell.quiet ? 'error' : run.log)
  const kernel = await loadNode(run.profile, {
    ...(run.set === undefined ? {} : { set: run.set }),
    ...(level === undefined ? {} : { log: level }),
    ...shell.logForm,
    afterSetUp: node => void node.find(Api)?.observe(event => inbox.take(event)),
    onFailure: error => end(error),
  })
  void signals.received.then(end)
  // A node may have nothing open at times; it runs until it is stopped all the same.
  const alive = systemClock.every(3_600_000, () => {})
  // From here on, what a plugin throws where nobody catches it is told under its name and does not end the process.
  process.on('uncaughtException', error => kernel.fault(error))
  const starting = kernel.start()
  const early = await Promise.race([starting.then(() => null), ended])
  if (early !== null) starting.catch(() => {})
  const outcome = early ?? (await serve(shell, run, kernel, inbox, end, ended))
  if (outcome === 'SIGINT') shell.note('stopping; press Ctrl-C again to stop at once')
  await kernel.stop()
  alive.cancel()
  signals.release()
  if (outcome instanceof Error) throw outcome
  shell.record({ event: 'stopped' })
  const unfinished = run.finished !== undefined && !inbox.finished
  if (unfinished && outcome !== 'done') shell.exitCode = EXIT_BY[outcome] ?? 130
}

async function serve(
  shell: Shell,
  run: NodeRun,
  kernel: Kernel,
  inbox: Inbox,
  end: (ending: Ending) => void,
  ended: Promise<Ending>,
): Promise<Ending> {
  const api = kernel.find(Api)
  tellReady(shell, kernel)
  if (api === undefined) return serveTracker(shell, kernel, ended)
  const report = new ProgressReport(shell, api)
  let opening = true
  const opened = (): void => {
    if (!opening || api.opening > 0) return
    opening = false
    poll.cancel()
    run.opened?.(api)
  }
  const poll = systemClock.every(100, opened)
  inbox.open(event => {
    const fatal = event.event === 'error' && run.errorsEnd === true
    if (fatal) return end(errorOf(event))
    tellEvent(shell, event.event === 'error' ? { ...event, event: 'warning' } : event)
    if (run.staysWhenFinished === true && event.event === 'state' && event['phase'] === 'finished') end('done')
    if (run.finished?.(event) !== true) return
    inbox.finished = true
    if (run.staysWhenFinished !== true) end('done')
  })
  await report.begin()
  opened()
  const outcome = await ended
  poll.cancel()
  report.end()
  return outcome
}

/** A node without a client. */
async function serveTracker(shell: Shell, kernel: Kernel, ended: Promise<Ending>): Promise<Ending> {
  const report = new TrackerReport(shell, kernel.find(MetricSources))
  report.begin()
  const outcome = await ended
  report.end()
  return outcome
}

/** Keeps events in order until somebody reads them. */
class Inbox {
  finished = false
  private readonly waiting: NodeEvent[] = []
  private reader: ((event: NodeEvent) => void) | undefined

  take(event: NodeEvent): void {
    if (this.reader === undefined) this.waiting.push(event)
    else this.reader(event)
  }

  open(reader: (event: NodeEvent) => void): void {
    this.reader = reader
    for (const event of this.waiting.splice(0)) reader(event)
  }
}
