// A hybrid torrent has its files twice (BEP 52). It is used by its version 1 half, so both must say the same: else two
// clients with one torrent would hold different content.
import { compareBytes } from '../base/bytes.js'
import { protocolErrors } from './errors.js'
import type { ListedFile } from './file-list.js'

/** Throws ERR_METAINFO_HYBRID. Padding stands in the version 1 list only, before or also behind the last file. */
export function refuseDisagreement(
  list: readonly ListedFile[],
  tree: readonly ListedFile[],
  name: Uint8Array,
  pieceLength: number,
): void {
  let at = 0
  let offset = 0
  for (const file of list) {
    if (!file.padding) {
      const twin = tree[at++]
      if (twin === undefined || !sameFile(file, twin, name)) throw disagreement('their files differ')
      if (file.length > 0 && offset % pieceLength !== 0) throw disagreement('a file begins within a piece')
    }
    offset += file.length
  }
  if (at !== tree.length) throw disagreement('version 2 has more files')
}

function sameFile(file: ListedFile, twin: ListedFile, name: Uint8Array): boolean {
  const path = file.path.length === 0 ? [name] : file.path
  return (
    file.length === twin.length &&
    path.length === twin.path.length &&
    path.every((element, i) => compareBytes(element, twin.path[i] ?? name) === 0)
  )
}

function disagreement(what: string): Error {
  return protocolErrors.make('ERR_METAINFO_HYBRID', `the two versions of this hybrid torrent disagree: ${what}`)
}
