// What is done on one torrent, one thing after the other.

/** What is done on order, besides what its place in the queue lets it do. */
export type Chore = 'checking' | 'moving'

export interface ChoreSteps {
  begin(): Promise<void>
  work(): Promise<void>
  /** Whatever came of the work. */
  end(): Promise<void>
}

export class TorrentChores {
  ordered: Chore | null = null
  private last: Promise<void> = Promise.resolve()

  constructor(private readonly failed: (error: unknown) => void) {}

  /** Resolves once all that was begun is done, whatever came of it. */
  get done(): Promise<void> {
    return this.last
  }

  /** Resolves once it is done; what it fails with is told to the owner. */
  after(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work).catch((error: unknown) => this.failed(error))
    return this.last
  }

  /** Rejects as the work does. */
  async order(chore: Chore, steps: ChoreSteps): Promise<void> {
    let outcome = Promise.resolve()
    await this.after(async () => {
      this.ordered = chore
      try {
        await steps.begin()
        outcome = steps.work()
        await outcome.catch(() => {})
      } finally {
        this.ordered = null
      }
      await steps.end()
    })
    await outcome
  }
}
