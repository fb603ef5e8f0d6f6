// One line at the bottom of a terminal that is drawn again and again. Whatever else is written makes room first.

const ERASE = '\r\u001b[K'

export interface Terminal {
  readonly columns?: number
  write(text: string): unknown
}

export class LiveLine {
  private drawn = false

  constructor(private readonly terminal: Terminal) {}

  draw(text: string): void {
    // Some terminals say that they have none. In the last column many begin a new line, and the old one stands.
    const columns = this.terminal.columns || 80
    this.terminal.write(`${ERASE}${text.slice(0, columns - 1)}`)
    this.drawn = true
  }

  erase(): void {
    if (this.drawn) this.terminal.write(ERASE)
    this.drawn = false
  }

  /** What was drawn last stays. */
  end(): void {
    if (this.drawn) this.terminal.write('\n')
    this.drawn = false
  }
}
