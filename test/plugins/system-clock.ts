import type { Clock } from '../../core/base/clock.js'

/** The machine's own time, for what must be tested against real sockets. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return { cancel: () => clearTimeout(timer) }
  },
  every(ms, run) {
    const timer = setInterval(run, ms)
    return { cancel: () => clearInterval(timer) }
  },
}
