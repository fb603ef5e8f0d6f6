// JSON.parse says that a text is wrong, but not always where, and lets a key stand twice. This finds the place of either.

const SPACE = /[ \t\r\n]*/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y // oxlint-disable-line no-control-regex -- JSON forbids these
const OTHER = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** More is no profile, and would not fit the stack. */
const MAX_DEPTH = 200

export interface JsonFault {
  /** 1 and up. */
  readonly line: number
  readonly column: number
  readonly found: string
}

/** The first thing wrong with a text, or null when it is JSON with every key once in its object. */
export function jsonFault(text: string): JsonFault | null {
  let at = 0
  let depth = 0
  const repeated: Array<{ readonly key: string; readonly from: number }> = []
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? null
    at += found?.length ?? 0
    return found
  }
  const takeMark = (char: string): boolean => {
    take(SPACE)
    if (text[at] !== char) return false
    at++
    return true
  }
  const member = (keys: Set<string>): boolean => {
    take(SPACE)
    const from = at
    const key = take(STRING)
    if (key === null) return false
    if (keys.has(key)) repeated.push({ key, from })
    keys.add(key)
    return takeMark(':') && value()
  }
  const list = (end: string, item: () => boolean): boolean => {
    if (takeMark(end)) return true
    do if (!item()) return false
    while (takeMark(','))
    return takeMark(end)
  }
  const value = (): boolean => {
    if (++depth > MAX_DEPTH) return false
    const keys = new Set<string>()
    const right = takeMark('{')
      ? list('}', () => member(keys))
      : takeMark('[')
        ? list(']', value)
        : take(STRING) !== null || take(OTHER) !== null
    depth--
    return right
  }
  const whole = value()
  take(SPACE)
  if (whole && at === text.length) {
    const [first] = repeated
    return first === undefined ? null : placed(text, first.from, `the key ${first.key} a second time`)
  }
  return placed(text, at, at === text.length ? 'the end of the text' : JSON.stringify(text.slice(at, at + 20)))
}

function placed(text: string, at: number, found: string): JsonFault {
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, found }
}
