import { messageOf, NodeError } from './errors.js'

export type Release = () => void | Promise<void>

/** Releases in the reverse order of acquisition. One failing release does not keep the others from running. */
export class Disposers {
  private stack: Release[] = []

  add(release: Release): void {
    this.stack.push(release)
  }

  /** Runs every release once; a second call finds nothing to do. Rejects at the end if any failed. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (let release = this.stack.pop(); release !== undefined; release = this.stack.pop()) {
      try {
        await release()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) {
      throw new NodeError('ERR_DISPOSE', 'defect', failures.map(messageOf).join('; '), {
        cause: new AggregateError(failures),
      })
    }
  }
}
