// Percent-escaped bytes in queries. An info-hash is twenty bytes of anything, so nothing here goes through text codecs.

const PERCENT = 0x25
const PLUS = 0x2b

/** Nothing may follow a percent sign but two hexadecimal digits. */
export const BAD_ESCAPE = -1

/**
 * Decodes text[from..to) into `out`; gives how many bytes there are, which may be more than fit, or BAD_ESCAPE. A plus is
 * a space: clients escape theirs, but some write their spaces so.
 */
export function unescapeInto(text: string, from: number, to: number, out: Uint8Array): number {
  let count = 0
  for (let at = from; at < to; at++) {
    let code = text.charCodeAt(at)
    if (code === PERCENT) {
      if (at + 2 >= to) return BAD_ESCAPE
      const high = hexValue(text.charCodeAt(at + 1))
      const low = hexValue(text.charCodeAt(at + 2))
      if (high < 0 || low < 0) return BAD_ESCAPE
      code = 16 * high + low
      at += 2
    } else if (code === PLUS) code = 0x20
    else if (code > 0xff) return BAD_ESCAPE
    if (count < out.length) out[count] = code
    count++
  }
  return count
}

/** Everything but letters, digits, "-", "." , "_" and "~" escaped: a space is %20, a plus %2B. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (isUnreserved(byte)) text += String.fromCharCode(byte)
    else text += (byte < 16 ? '%0' : '%') + byte.toString(16).toUpperCase()
  }
  return text
}

function isUnreserved(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  )
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
