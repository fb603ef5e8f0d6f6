// A file in memory that takes room only where something was written: pages, and zeros between them.

const PAGE = 16 * 1024

export class SparseFile {
  length = 0
  mtimeMs = 0
  private readonly pages = new Map<number, Uint8Array>()

  /** False where the file ends before the bytes do; `into` is then left as it was. */
  read(at: number, into: Uint8Array): boolean {
    if (at + into.length > this.length) return false
    this.walk(at, into.length, (number, within, from, to) => {
      const page = this.pages.get(number)
      if (page === undefined) into.fill(0, from, to)
      else into.set(page.subarray(within, within + to - from), from)
    })
    return true
  }

  write(at: number, bytes: Uint8Array): void {
    this.walk(at, bytes.length, (number, within, from, to) => {
      let page = this.pages.get(number)
      if (page === undefined) {
        page = new Uint8Array(PAGE)
        this.pages.set(number, page)
      }
      page.set(bytes.subarray(from, to), within)
    })
    this.length = Math.max(this.length, at + bytes.length)
  }

  /** Everything in it. */
  bytes(): Uint8Array {
    const out = new Uint8Array(this.length)
    this.read(0, out)
    return out
  }

  /** Visits the pages under a range: `within` is the place in the page, `from` to `to` in the range. */
  private walk(
    at: number,
    length: number,
    visit: (number: number, within: number, from: number, to: number) => void,
  ): void {
    for (let from = 0; from < length;) {
      const within = (at + from) % PAGE
      const to = Math.min(length, from + PAGE - within)
      visit(Math.floor((at + from) / PAGE), within, from, to)
      from = to
    }
  }
}
