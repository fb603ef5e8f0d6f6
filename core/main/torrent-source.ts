// What `get` was pointed at: a .torrent file, or the URL of one, which is fetched first. Either is read before a node is
// started for it.
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf, NodeError } from '../base/errors.js'
import { MAX_TORRENT_BYTES } from '../protocol/limits.js'
import { parseMetainfo, refuseV2Only } from '../protocol/metainfo.js'
import { cliErrors } from './errors.js'
import { systemClock } from './host.js'
import { size } from './quantity.js'

/** Of what is fetched: larger than nearly any .torrent in use. */
const MOST_BYTES = 10 * 1024 * 1024
const TIMEOUT_MS = 30_000

/** The path of a .torrent file that exists. */
export async function torrentFile(source: string, workingDir: string, stateDir: string): Promise<string> {
  if (/^magnet:/i.test(source)) {
    const message = 'magnet links cannot be downloaded yet; give the .torrent file or the URL of one'
    throw cliErrors.make('ERR_USAGE_SOURCE', message)
  }
  if (/^https?:\/\//i.test(source)) {
    if (!URL.canParse(source)) throw cliErrors.make('ERR_USAGE_SOURCE', `${source}: this is no URL`)
    return fetched(source, stateDir)
  }
  return torrentAt(source, workingDir)
}

/** The absolute path of a .torrent file that can be transferred; said before anything is started. */
export async function torrentAt(given: string, workingDir: string): Promise<string> {
  refuseOthers(await readTorrentFile(given, workingDir), given)
  return resolve(workingDir, given)
}

/** A file no larger than a .torrent can be; nothing else is opened, for a pipe or a device could be read for ever. */
export async function readTorrentFile(given: string, workingDir: string): Promise<Uint8Array> {
  const file = resolve(workingDir, given)
  const found = await stat(file).catch(() => null)
  if (found?.isFile() !== true) {
    const other = found?.isDirectory() === true ? 'this is a folder' : 'this is no file'
    const what = found === null ? 'there is no such file' : other
    throw cliErrors.make('ERR_USAGE_SOURCE', `${given}: ${what}; give a .torrent file`)
  }
  if (found.size > MAX_TORRENT_BYTES)
    throw cliErrors.make('ERR_USAGE_SOURCE', `${given}: too large for a .torrent file`)
  return readFile(file)
}

function refuseOthers(bytes: Uint8Array, called: string): void {
  try {
    refuseV2Only(parseMetainfo(bytes))
  } catch (error) {
    if (!NodeError.is(error)) throw error
    const { code, blame, details } = error
    throw new NodeError(code, blame, `${called}: ${error.message}`, { cause: error, details })
  }
}

async function fetched(url: string, stateDir: string): Promise<string> {
  const bytes = await download(url)
  refuseOthers(bytes, shown(url))
  await mkdir(stateDir, { recursive: true })
  const name = createHash('sha1').update(url).digest('hex').slice(0, 16)
  const file = join(stateDir, `${name}.torrent`)
  await writeFile(file, bytes, { mode: 0o600 })
  return file
}

async function download(url: string): Promise<Uint8Array> {
  const { Agent, interceptors, request } = await import('undici')
  const dispatcher = new Agent().compose(interceptors.redirect({ maxRedirections: 5 }))
  const fail = (why: string): Error => cliErrors.make('ERR_SOURCE_FETCH', `${shown(url)} could not be fetched: ${why}`)
  const chunks: Buffer[] = []
  const late = new AbortController()
  const deadline = systemClock.after(TIMEOUT_MS, () => late.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
  let status = 0
  let length = 0
  try {
    const reply = await request(url, { dispatcher, signal: late.signal })
    status = reply.statusCode
    for await (const chunk of reply.body as AsyncIterable<Buffer>) {
      length += chunk.length
      if (status >= 400 || length > MOST_BYTES) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw fail(messageOf(error))
  } finally {
    deadline.cancel()
    void dispatcher.destroy()
  }
  if (status >= 400) throw fail(`the server answered ${status}`)
  if (length > MOST_BYTES) throw fail(`it is larger than ${size(MOST_BYTES)}`)
  return Buffer.concat(chunks)
}

/** Without what may be secret: user, password, query. */
function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
