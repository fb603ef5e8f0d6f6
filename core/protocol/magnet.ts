// Writes magnet links (BEP 9): other clients fetch the metadata by them.
import { toHex } from '../base/bytes.js'
import type { InfoHash } from './ids.js'

/** Trackers of every tier, each once, as `tr`. */
export function magnetOf(infoHash: InfoHash, name: string, trackers: ReadonlyArray<readonly string[]>): string {
  let link = `magnet:?xt=urn:btih:${toHex(infoHash)}&dn=${escape(name)}`
  for (const url of new Set(trackers.flat())) link += `&tr=${escape(url)}`
  return link
}

function escape(text: string): string {
  // Half a surrogate pair would make encodeURIComponent throw.
  return encodeURIComponent(text.toWellFormed())
}
