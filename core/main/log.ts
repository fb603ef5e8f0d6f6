// Our Logger over pino, on standard error: JSON lines for programs, or plain lines for people.
import type { Logger as Pino } from 'pino'
import { silentLogger, type Logger, type LogLevel } from '../base/log.js'
import { printable } from './printable.js'

export interface LogOptions {
  readonly level: LogLevel
  /** Lines for eyes instead of programs. */
  readonly pretty: boolean
  readonly color: boolean
  /** Called before each line is written. */
  beforeLog?(): void
}

export interface Log extends Logger {
  /** For this logger and children made afterwards; one that began silent stays so. */
  setLevel(level: LogLevel): void
}

const STANDARD_ERROR = 2

export async function createLog({ level, pretty, color, beforeLog }: LogOptions): Promise<Log> {
  if (level === 'silent') return { ...silentLogger, setLevel() {} }
  const { pino } = await import('pino')
  // Fields too may hold what strangers sent; JSON escapes only some of what must not reach a terminal.
  const streamWrite = (text: string): string => {
    beforeLog?.()
    return printable(text)
  }
  const options = { level, base: null, hooks: { streamWrite } }
  const line = pino(
    options,
    pretty ? await prettyStream(color) : pino.destination({ dest: STANDARD_ERROR, sync: true }),
  )
  return { ...wrapped(line), setLevel: to => void (line.level = to) }
}

async function prettyStream(color: boolean): Promise<NodeJS.WritableStream> {
  const { PinoPretty } = await import('pino-pretty')
  return PinoPretty({
    colorize: color,
    sync: true,
    destination: STANDARD_ERROR,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    ignore: 'pid,hostname,plugin',
    messageFormat: (line, key) => {
      const { [key]: message, plugin } = line
      return printable(typeof plugin === 'string' ? `${plugin}: ${String(message)}` : String(message))
    },
  })
}

type Line = Pick<Pino, 'child' | 'debug' | 'info' | 'warn' | 'error'>

function wrapped(line: Line): Logger {
  return {
    child: fields => wrapped(line.child(fields)),
    debug: (message, fields) => line.debug(fields ?? {}, message),
    info: (message, fields) => line.info(fields ?? {}, message),
    warn: (message, fields) => line.warn(fields ?? {}, message),
    error: (message, fields) => line.error(fields ?? {}, message),
  }
}
