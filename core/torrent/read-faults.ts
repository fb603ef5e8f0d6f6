// Reading that failed is told to the operator, whose disk or files it is: each kind of failure once an hour, not once a
// piece.
import type { NodeError } from '../base/errors.js'

const AGAIN_MS = 3_600_000

export class ReadFaults {
  private readonly toldAt = new Map<string, number>()

  constructor(private readonly tell: (error: NodeError) => void) {}

  add(error: NodeError, now: number): void {
    const told = this.toldAt.get(error.code)
    if (told !== undefined && now - told < AGAIN_MS) return
    this.toldAt.set(error.code, now)
    this.tell(error)
  }
}
