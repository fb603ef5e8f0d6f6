/** What has to be done once before the event loop goes on, however often it was asked for in this turn. */
export interface AtTurnEnd {
  turnEnds(): void
}

/** One callback a turn for all links: after the sockets that were ready have been read, before the loop waits again. */
export class TurnEnd {
  private waiting: AtTurnEnd[] = []
  private running: AtTurnEnd[] = []
  private readonly run = (): void => {
    const { waiting, running } = this
    this.waiting = running
    this.running = waiting
    for (let i = 0; i < waiting.length; i++) waiting[i]!.turnEnds()
    waiting.length = 0
  }

  add(one: AtTurnEnd): void {
    if (this.waiting.push(one) === 1) setImmediate(this.run)
  }
}
