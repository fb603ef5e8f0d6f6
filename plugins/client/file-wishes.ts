// What a profile or a caller says of files by names, as wishes for the files of one torrent.
import type { FileWish, FileWishes } from '../../core/contracts/node-api.js'
import { FileNames } from '../../core/protocol/file-names.js'
import type { Metainfo } from '../../core/protocol/metainfo.js'
import { everything, sameChoice, Wish, type FileChoice } from '../../core/torrent/file-choice.js'
import { clientErrors } from './errors.js'
import type { TorrentOptions } from './torrent-options.js'

const LEVELS = { skip: Wish.Skip, low: Wish.Low, normal: Wish.Normal, high: Wish.High } as const
const NUMBERS = /^\d+(-\d*)?$/

type Asked = Pick<TorrentOptions, 'files' | 'priorities' | 'firstAndLast'>

/** `usual`: for all torrents, so that a name which fits nothing is no mistake. null: everything, in no order. */
export function askedChoice(
  metainfo: Metainfo,
  asked: Asked,
  usual: { readonly priorities: FileWishes; readonly firstAndLast: boolean },
): FileChoice | null {
  const all = everything(metainfo.files)
  const names = new FileNames(metainfo.files)
  const wishes = Uint8Array.from(all.wishes)
  give(names, usual.priorities, (index, wish) => (wishes[index] = wish))
  give(names, asked.priorities ?? {}, (index, wish) => (wishes[index] = wish), metainfo.name)
  if (asked.files !== undefined) {
    const chosen = new Set(asked.files.flatMap(name => found(names, String(name), metainfo.name)))
    for (const index of wishes.keys()) if (!chosen.has(index)) wishes[index] = Wish.Skip
  }
  const choice = { wishes, firstAndLast: asked.firstAndLast ?? usual.firstAndLast }
  return sameChoice(choice, all) ? null : choice
}

export function changedChoice(metainfo: Metainfo, before: FileChoice, changes: FileWishes): FileChoice {
  const wishes = Uint8Array.from(before.wishes)
  give(new FileNames(metainfo.files), changes, (index, wish) => (wishes[index] = wish), metainfo.name)
  return { ...before, wishes }
}

/** Patterns first, so that numbers count over them: an object has numbers in front, whatever the order they were written in. */
function give(
  names: FileNames,
  given: FileWishes,
  set: (index: number, wish: number) => void,
  torrent: string | null = null,
): void {
  const entries = Object.entries(given)
  const ordered = [
    ...entries.filter(([name]) => !NUMBERS.test(name)),
    ...entries.filter(([name]) => NUMBERS.test(name)),
  ]
  for (const [name, wish] of ordered) {
    const indexes = torrent === null ? names.find(name) : found(names, name, torrent)
    for (const index of indexes) set(index, levelOf(wish))
  }
}

function found(names: FileNames, name: string, torrent: string): readonly number[] {
  const indexes = names.find(name)
  if (indexes.length > 0) return indexes
  throw clientErrors.make('ERR_CLIENT_FILES', `${torrent}: ${names.missing(name)}`)
}

function levelOf(wish: FileWish): number {
  const level = typeof wish === 'string' ? LEVELS[wish] : wish
  if (Number.isInteger(level) && level >= 0 && level <= 7) return level
  throw clientErrors.make(
    'ERR_CLIENT_FILES',
    `${String(wish)} is no priority: "skip", "low", "normal", "high", or 0 to 7`,
  )
}
