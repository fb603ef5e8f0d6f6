// Files without bytes: no piece brings them, so those that are wanted are made with the first piece that is written.

export interface EmptyCandidate {
  readonly length: number
  readonly padding: boolean
}

export class EmptyFiles {
  /** Not made in this opening, and wanted. */
  private pending: Set<number>
  private readonly made = new Set<number>()
  private told = false

  constructor(private readonly files: readonly EmptyCandidate[]) {
    this.pending = this.all(() => true)
  }

  /** True: they are to be made at once, since no piece may come that brings them along. */
  want(wanted: readonly boolean[]): boolean {
    const later = this.told || !this.files.some((file, i) => wanted[i] === true && file.length > 0)
    this.told = true
    this.pending = this.all(i => wanted[i] === true && !this.made.has(i))
    return later && this.due
  }

  get due(): boolean {
    return this.pending.size > 0
  }

  /** What is to be made now; given back where that failed. */
  take(): readonly number[] {
    const files = [...this.pending]
    this.pending.clear()
    for (const file of files) this.made.add(file)
    return files
  }

  giveBack(files: readonly number[]): void {
    for (const file of files) {
      this.made.delete(file)
      this.pending.add(file)
    }
  }

  /** The content is gone from the disk. */
  removed(): void {
    this.giveBack([...this.made])
  }

  private all(fits: (file: number) => boolean): Set<number> {
    return new Set(
      [...this.files.keys()].filter(i => {
        const file = this.files[i]
        return file?.length === 0 && !file.padding && fits(i)
      }),
    )
  }
}
