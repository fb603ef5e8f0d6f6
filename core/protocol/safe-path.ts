// Path elements of a torrent made fit for a file system. A pure function of the elements and the platform; what it gives,
// joined below a folder, names something inside that folder, and it maps what it gave to itself.
import { MAX_PATH_ELEMENT_BYTES } from './limits.js'

/** By whose rules: Windows forbids more characters and names; Windows and macOS do not tell letters by case. */
export type PathPlatform = 'posix' | 'darwin' | 'win32'

const encoder = new TextEncoder()

/**
 * Elements as they stand in a .torrent. "." and "..", and what consists of separators or invisible characters only, is
 * left out; so the list may come back shorter, or empty.
 */
export function safePath(elements: readonly Uint8Array[], platform: PathPlatform): string[] {
  return elements.map(element => safeElement(element, platform)).filter(element => element !== '')
}

/** '' where nothing is left. */
export function safeElement(bytes: Uint8Array, platform: PathPlatform): string {
  // An empty element stands for something: in ["", "a"] it is the folder in which a lies.
  if (bytes.length === 0) return '_'
  let text = shorten(readable(bytes, platform), MAX_PATH_ELEMENT_BYTES).replace(looseJoiners, '')
  if (platform === 'win32') {
    text = text.replace(/[. ]+$/, '')
    // One byte less where what marks a device would not fit.
    if (isLonger(unreserved(text), MAX_PATH_ELEMENT_BYTES)) {
      text = shorten(text, MAX_PATH_ELEMENT_BYTES - 1).replace(/[. ]+$/, '')
    }
    text = unreserved(text)
  }
  return text === '.' || text === '..' ? '' : text
}

/** Decodes UTF-8; broken sequences, controls and what the platform forbids become "_", separators and the invisible vanish. */
function readable(bytes: Uint8Array, platform: PathPlatform): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    const code = codePoint(bytes, at, length)
    at += length
    if (code < 0 || isControl(code)) text += '_'
    else if (isSeparator(code) || isInvisible(code)) continue
    else if (platform === 'win32' && isForbiddenOnWindows(code)) text += '_'
    else text += String.fromCodePoint(code)
  }
  return text
}

/** Bytes that the lead byte announces, as far as continuation bytes follow: a broken sequence is one fault, not several. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  const announced = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : lead < 0xfc ? 5 : 6
  let length = 1
  while (length < announced && (bytes[at + length] ?? 0) >> 6 === 2) length++
  return length
}

/** -1 for what is no shortest form of a scalar value. */
function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return lead
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000
  const announced = lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0
  if (length !== announced) return -1
  let code = lead & (0x7f >> length)
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f)
  return code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? -1 : code
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

function isSeparator(code: number): boolean {
  return code === 0x2f || code === 0x5c
}

/** Joiners are part of some scripts and of pictures; beside ASCII they only hide something. */
const looseJoiners = /(?<![^\0-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\0-\x7f])/gu

/** Zero-width and direction marks: they hide what a name really is, and some file systems do not see them either. */
function isInvisible(code: number): boolean {
  return (
    code === 0x061c ||
    code === 0x200b ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff
  )
}

function isForbiddenOnWindows(code: number): boolean {
  return code < 0x80 && '<>:"|?*'.includes(String.fromCharCode(code))
}

// No UTF-16 unit takes more than three bytes.
function isLonger(text: string, most: number): boolean {
  return 3 * text.length > most && encoder.encode(text).length > most
}

/** At most so many bytes, cut from before the extension. */
function shorten(text: string, most: number): string {
  if (!isLonger(text, most)) return text
  const [stem, extension] = splitExtension(text)
  const room = new Uint8Array(most - encoder.encode(extension).length)
  // encodeInto writes whole characters only.
  return stem.slice(0, encoder.encodeInto(stem, room).read) + extension
}

/** The extension with its dot, where it is one: short, and not the whole name. */
export function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.')
  return dot <= 0 || name.length - dot > 16 ? [name, ''] : [name.slice(0, dot), name.slice(dot)]
}

const devices = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*$/i

/** Devices keep their meaning with any extension: "nul.tar.gz" is nul. */
function unreserved(name: string): string {
  const dot = name.indexOf('.')
  const stem = dot < 0 ? name : name.slice(0, dot)
  return devices.test(stem) ? `${stem}_${name.slice(stem.length)}` : name
}
