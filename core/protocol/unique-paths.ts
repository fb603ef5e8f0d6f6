// No two files may share storage. Time and memory grow with the number of path elements only: a counter is kept for each
// name that was taken, so a thousand equal names are not tried against each other.
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
  const folders = new Set<string>()
  for (const key of keys) {
    for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
      const folder = key.slice(0, end)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  const taken = new Set<string>()
  const next = new Map<string, number>()
  return paths.map((path, i) => {
    if (path === null) return null
    const wanted = keys[i] ?? ''
    let free: readonly string[] = path
    let key = wanted
    if (taken.has(key) || folders.has(key)) {
      let number = next.get(wanted) ?? 1
      do {
        free = renamed(path, number++)
        key = keyOf(free, platform)
      } while (taken.has(key) || folders.has(key))
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
