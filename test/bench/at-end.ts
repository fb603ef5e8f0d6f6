// What must be done when this process ends, in whatever way but by force.
const jobs: (() => void)[] = []

/** The latest is done first. It cannot wait for anything. */
export function atEnd(job: () => void): void {
  if (jobs.push(job) > 1) return
  process.once('exit', finish)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      finish()
      process.kill(process.pid, signal)
    })
  }
}

/** Now: what cannot go on leaves no child that would keep this process alive. */
export function finish(): void {
  for (const job of jobs.toReversed()) job()
}
