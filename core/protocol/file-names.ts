// The files of a torrent as people name them: by the number that `shoal show` gives them, a range of numbers, or a pattern
// for their names. Names in torrents are full of brackets, so nothing but * and ? means more than itself.

export interface NamedFile {
  /** The torrent's name first. */
  readonly path: readonly string[]
  readonly padding: boolean
}

const MOST_NEAR = 5
/** Longer names are compared by their beginning. */
const MOST_COMPARED = 80

export class FileNames {
  /** Index of each file that has a number, from number 1 on: padding has none. */
  readonly numbered: readonly number[]

  constructor(private readonly files: readonly NamedFile[]) {
    this.numbered = [...files.keys()].filter(i => files[i]?.padding === false)
  }

  /**
   * Indexes of the files that are meant; none where nothing fits. "7", "2-5", "5-": numbers. Anything else is a pattern,
   * whatever the case of letters: * stands for any text but "/", ** for any at all, ? for one letter. It fits the last
   * element of a path, or a path below the torrent's name, or with that name; what fits a folder fits all in it.
   */
  find(name: string): readonly number[] {
    const numbers = this.range(name)
    return numbers.length > 0 ? numbers : this.fitting(name)
  }

  /** Why nothing fits a name, and what there is instead. */
  missing(name: string): string {
    const { numbered } = this
    const count = numbered.length
    const there = count === 1 ? 'there is one file' : `there are ${count} files, numbered 1 to ${count}`
    const near = this.near(name).map(number => `${number} ${this.text(numbered[number - 1] ?? 0)}`)
    const more = count > near.length ? ' and others' : ''
    return `no file is called ${JSON.stringify(name)}; ${there}: ${near.join(', ')}${more}`
  }

  private range(name: string): readonly number[] {
    const parts = /^(\d{1,9})(-(\d{1,9})?)?$/.exec(name)
    if (parts === null) return []
    const from = Number(parts[1])
    const to = parts[2] === undefined ? from : Number(parts[3] ?? this.numbered.length)
    return from < 1 || to > this.numbered.length ? [] : this.numbered.slice(from - 1, to)
  }

  private fitting(pattern: string): readonly number[] {
    const regex = regexOf(pattern)
    const bare = !pattern.includes('/')
    return this.numbered.filter(i => {
      const path = this.files[i]?.path ?? []
      if (regex.test(path.join('/')) || (bare && regex.test(path.at(-1) ?? ''))) return true
      for (let end = 2; end <= path.length; end++) {
        if (regex.test(path.slice(1, end).join('/')) || (!bare && regex.test(path.slice(0, end).join('/')))) return true
      }
      return false
    })
  }

  /** Numbers of the files whose names are most like it. */
  private near(name: string): readonly number[] {
    const like = name.toLowerCase().replaceAll('*', '').slice(-MOST_COMPARED)
    const distances = this.numbered.map((i, at) => {
      const last = (this.files[i]?.path.at(-1) ?? '').toLowerCase()
      return { number: at + 1, distance: last.includes(like) ? 0 : editDistance(like, last.slice(0, MOST_COMPARED)) }
    })
    const nearest = distances.toSorted((a, b) => a.distance - b.distance).slice(0, MOST_NEAR)
    return nearest.map(({ number }) => number).toSorted((a, b) => a - b)
  }

  private text(index: number): string {
    return this.files[index]?.path.join('/') ?? ''
  }
}

function regexOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*\/|\*\*|\*|\?|[\\^$.+()[\]{}|]/g, found => {
    if (found === '**/') return '(?:.*/)?'
    if (found === '**') return '.*'
    if (found === '*') return '[^/]*'
    return found === '?' ? '[^/]' : `\\${found}`
  })
  return new RegExp(`^${source}$`, 'isu')
}

/** Letters to add, take away or exchange. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1])
      next.push(Math.min(exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
