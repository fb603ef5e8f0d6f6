import { readFileSync } from 'node:fs'
import type { InfoHash } from '../../core/protocol/ids.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { loopback } from './places.js'
import { Shoal } from './shoal.js'

/** Makes a .torrent of the content with one tracker; gives its info-hash. */
export async function smallTorrent(content: string, file: string, tracker: string): Promise<InfoHash> {
  await Shoal.start(loopback, ['create', content, '-o', file, '--announce', tracker]).program.done()
  return parseMetainfo(readFileSync(file)).infoHash
}
