// What a thread knows of where it is.
import { createRandom } from '../../core/base/random.js'
import type { Logger, LogLevel } from '../../core/base/log.js'
import type { Portable, ThreadPlace } from '../../core/base/portable.js'
import { aheadOfSystem, type AnswerOrder, type FromAnswerer } from './answer-order.js'

type Post = (message: FromAnswerer) => void

/** The node's monotonic time, as it was at the last look. */
export class ThreadClock {
  private seen = 0
  private readonly begun: number

  constructor(ahead: number) {
    this.begun = ahead - aheadOfSystem(() => performance.now())
    this.look()
  }

  look(): number {
    return (this.seen = this.begun + performance.now())
  }

  now(): number {
    return this.seen
  }
}

export function threadPlace({ number, seed }: AnswerOrder, clock: ThreadClock, post: Post): ThreadPlace {
  const place: ThreadPlace = {
    number,
    clock,
    random: createRandom(seed),
    log: new ThreadLog(post, {}),
    open: portable => openPortable(portable, place),
  }
  return place
}

async function openPortable<T>({ module, data }: Portable<T>, place: ThreadPlace): Promise<T> {
  const { open } = (await import(module)) as { open?: (data: unknown, place: ThreadPlace) => T | Promise<T> }
  if (typeof open !== 'function') throw new Error(`${module} does not export "open"`)
  return open(data, place)
}

type Fields = Readonly<Record<string, unknown>>

class ThreadLog implements Logger {
  constructor(
    private readonly post: Post,
    private readonly own: Fields,
  ) {}

  child(fields: Fields): Logger {
    return new ThreadLog(this.post, { ...this.own, ...fields })
  }

  debug(message: string, fields?: Fields): void {
    this.say('debug', message, fields)
  }

  info(message: string, fields?: Fields): void {
    this.say('info', message, fields)
  }

  warn(message: string, fields?: Fields): void {
    this.say('warn', message, fields)
  }

  error(message: string, fields?: Fields): void {
    this.say('error', message, fields)
  }

  private say(level: Exclude<LogLevel, 'silent'>, message: string, fields?: Fields): void {
    try {
      this.post({ level, message, fields: { ...this.own, ...fields } })
    } catch {
      // Something among the fields cannot be cloned.
      this.post({ level, message, fields: undefined })
    }
  }
}
