// Writes magnet links (BEP 9, 52): other clients fetch the metadata by them.
import { toHex } from '../base/bytes.js'
import type { Metainfo } from './metainfo.js'

/** Trackers of every tier, each once, as `tr`. */
export function magnetOf(
  torrent: Pick<Metainfo, 'kind' | 'infoHash' | 'infoHashV2' | 'name'>,
  trackers: ReadonlyArray<readonly string[]>,
): string {
  const topics: string[] = []
  if (torrent.kind !== 'v2') topics.push(`xt=urn:btih:${toHex(torrent.infoHash)}`)
  // A multihash: SHA-256, 32 bytes.
  if (torrent.infoHashV2 !== null) topics.push(`xt=urn:btmh:1220${toHex(torrent.infoHashV2)}`)
  const urls = [...new Set(trackers.flat())].map(url => `tr=${escape(url)}`)
  return ['magnet:?', [...topics, `dn=${escape(torrent.name)}`, ...urls].join('&')].join('')
}

function escape(text: string): string {
  // Half a surrogate pair would make encodeURIComponent throw; what it leaves alone would end the quotes of a shell.
  const escaped = encodeURIComponent(text.toWellFormed())
  return escaped.replaceAll(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
