// What the user wants of a torrent's files, and what follows for its pieces. A piece that several files share has the
// highest wish of them; padding goes with the last file before it that has bytes.
import type { Bitfield } from '../base/bitfield.js'
import { equalBytes } from '../base/bytes.js'
import type { PieceGeometry } from '../protocol/geometry.js'

/** Wishes by name; any number from 0 to 7 will do. Top is what first and last pieces have. */
export const Wish = { Skip: 0, Low: 1, Normal: 4, High: 6, Top: 7 } as const

export interface ChoiceFile {
  readonly length: number
  readonly padding: boolean
}

export interface FileChoice {
  /** A wish for each file, in the order of the torrent, padding included. */
  readonly wishes: Uint8Array
  /** The first and the last piece of every wanted file come before all others. */
  readonly firstAndLast: boolean
}

export function everything(files: readonly ChoiceFile[]): FileChoice {
  return { wishes: new Uint8Array(files.length).fill(Wish.Normal), firstAndLast: false }
}

export function sameChoice(a: FileChoice, b: FileChoice): boolean {
  return a.firstAndLast === b.firstAndLast && equalBytes(a.wishes, b.wishes)
}

/** A wish for every piece. */
export function pieceWishes(files: readonly ChoiceFile[], geometry: PieceGeometry, choice: FileChoice): Uint8Array {
  const pieces = new Uint8Array(geometry.pieceCount)
  let wish: number = Wish.Normal
  each(files, geometry, (file, first, last, i) => {
    if (!file.padding) wish = choice.wishes[i] ?? Wish.Normal
    for (let piece = first; piece <= last; piece++) pieces[piece] = Math.max(pieces[piece]!, wish)
    if (choice.firstAndLast && !file.padding && wish > 0) pieces[first] = pieces[last] = Wish.Top
  })
  return pieces
}

/** How much of each file lies in pieces that are here; none is known of where `have` is null. */
export function fileBytes(files: readonly ChoiceFile[], geometry: PieceGeometry, have: Bitfield | null): number[] {
  const bytes = files.map(() => 0)
  each(files, geometry, (file, first, last, i, start) => {
    for (let piece = first; piece <= last; piece++) {
      if (have?.has(piece) !== true) continue
      const begin = Math.max(start, piece * geometry.pieceLength)
      bytes[i]! += Math.min(start + file.length, (piece + 1) * geometry.pieceLength) - begin
    }
  })
  return bytes
}

/** Visits the files that have bytes, each with its first and last piece and where it begins. */
function each<F extends ChoiceFile>(
  files: readonly F[],
  { pieceLength }: PieceGeometry,
  visit: (file: F, first: number, last: number, index: number, start: number) => void,
): void {
  let start = 0
  for (const [i, file] of files.entries()) {
    const end = start + file.length
    if (end > start) visit(file, Math.floor(start / pieceLength), Math.ceil(end / pieceLength) - 1, i, start)
    start = end
  }
}
