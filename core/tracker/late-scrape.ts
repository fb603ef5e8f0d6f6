// A scrape of which the store answers some counts later: the hash's sum is visited when all of them are there.
import type { Later } from '../base/later.js'
import type { ScrapeCounts } from '../contracts/swarm-store.js'
import type { ScrapeVisit } from '../contracts/tracker.js'

export class LateScrape implements Later<true> {
  private readonly sums = new Map<number, ScrapeCounts>()
  private readonly waiting: { readonly index: number; readonly answer: Later<ScrapeCounts> }[] = []

  constructor(private readonly visit: ScrapeVisit) {}

  wait(index: number, answer: Later<ScrapeCounts>): void {
    this.waiting.push({ index, answer })
    if (!this.sums.has(index)) this.sums.set(index, { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0 })
  }

  /** False: nothing of this hash comes later, so it can be visited at once. */
  add(index: number, seeders: number, completed: number, leechers: number, partialSeeds: number): boolean {
    const sum = this.sums.get(index)
    if (sum === undefined) return false
    sum.seeders += seeders
    sum.completed += completed
    sum.leechers += leechers
    sum.partialSeeds += partialSeeds
    return true
  }

  settle(done: (result: true | string) => void): void {
    let missing = this.waiting.length
    let failure: string | null = null
    for (const { index, answer } of this.waiting) {
      answer.settle(result => {
        if (typeof result === 'string') failure ??= result
        else this.add(index, result.seeders, result.completed, result.leechers, result.partialSeeds)
        if (--missing > 0) return
        if (failure === null) this.visitAll()
        done(failure ?? true)
      })
    }
  }

  private visitAll(): void {
    for (const [index, sum] of this.sums) {
      this.visit(index, sum.seeders, sum.completed, sum.leechers, sum.partialSeeds)
    }
  }
}
