// Which pieces a peer may ask for while choked (BEP 6): a function of its address, so that reconnecting wins nothing.
import { createHash } from 'node:crypto'
import { readU32 } from '../base/bytes.js'
import type { InfoHash } from './ids.js'

/** At most `count` distinct pieces, all of them where the torrent has no more. Empty for IPv6, of which BEP 6 does not speak. */
export function allowedFastSet(ip: Uint8Array, infoHash: InfoHash, pieceCount: number, count: number): number[] {
  if (ip.length !== 4) return []
  const wanted = Math.min(count, pieceCount)
  const chosen: number[] = []
  let digest: Uint8Array = Uint8Array.from([...ip.subarray(0, 3), 0, ...infoHash])
  while (chosen.length < wanted) {
    digest = createHash('sha1').update(digest).digest()
    for (let i = 0; i < 20 && chosen.length < wanted; i += 4) {
      const piece = readU32(digest, i) % pieceCount
      if (!chosen.includes(piece)) chosen.push(piece)
    }
  }
  return chosen
}
