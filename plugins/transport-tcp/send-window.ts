// How many unsent bytes one link may hold. Links that hold some share what all of them may: a few get much each, so that
// a system call is worth its price; many get little, so that a turn of the event loop that serves them all stays short,
// and those that do not read cost little together.

const TOGETHER = 8 << 20
const LEAST = 32 << 10

export class SendWindow {
  private holding = 0

  constructor(private readonly most: number) {}

  /** Of each link. */
  get bytes(): number {
    return Math.max(LEAST, Math.min(this.most, Math.floor(TOGETHER / Math.max(1, this.holding))))
  }

  /** A link holds unsent bytes, or has none any more. */
  holds(some: boolean): void {
    this.holding += some ? 1 : -1
  }
}
