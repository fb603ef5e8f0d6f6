// No two files may share storage. Time grows with the length of the paths, memory with their number: a counter is kept
// for each name that was taken, so a thousand equal names are not tried against each other, and folders are looked up
// among the sorted paths, for a torrent of deep ones has millions of them.
import { splitExtension, type PathPlatform } from './safe-path.js'

/**
 * The paths with later ones renamed where they would be an earlier one, or a folder of any: "a.txt", then "a.1.txt".
 * null stands for a path of its own that is never stored, and is passed over.
 */
export function uniquePaths(
  paths: readonly (readonly string[] | null)[],
  platform: PathPlatform,
): (readonly string[] | null)[] {
  const keys = paths.map(path => (path === null ? '' : keyOf(path, platform)))
  const sorted = keys.toSorted(byUnits)
  const isFolder = (key: string): boolean => {
    const inside = `${key}/`
    return sorted[firstNotBelow(sorted, inside)]?.startsWith(inside) === true
  }
  const taken = new Set<string>()
  const next = new Map<string, number>()
  return paths.map((path, i) => {
    if (path === null) return null
    const wanted = keys[i] ?? ''
    let free: readonly string[] = path
    let key = wanted
    if (taken.has(key) || isFolder(key)) {
      let number = next.get(wanted) ?? 1
      do {
        free = renamed(path, number++)
        key = keyOf(free, platform)
      } while (taken.has(key) || isFolder(key))
      next.set(wanted, number)
    }
    taken.add(key)
    return free
  })
}

function renamed(path: readonly string[], number: number): string[] {
  const [stem, extension] = splitExtension(path.at(-1) ?? '')
  return [...path.slice(0, -1), `${stem}.${number}${extension}`]
}

function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function firstNotBelow(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Equal for paths that are one file on the platform. */
function keyOf(path: readonly string[], platform: PathPlatform): string {
  const text = path.join('/')
  return platform === 'posix'
    ? text
    : text
        .replaceAll(/[\u200c\u200d]/g, '')
        .normalize('NFC')
        .toUpperCase()
}
