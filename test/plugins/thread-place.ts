// A thread's place without a thread: opens portables here, as another thread would, from a copy of what they bring.
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import type { Portable, ThreadPlace } from '../../core/base/portable.js'

export class FakePlace implements ThreadPlace {
  readonly random
  readonly log = silentLogger

  constructor(
    readonly number: number,
    readonly clock: { now(): number },
  ) {
    this.random = createRandom(number)
  }

  async open<T>(portable: Portable<T>): Promise<T> {
    const { module, data } = structuredClone({ module: portable.module, data: portable.data })
    const opener = (await import(module)) as { open(data: unknown, place: ThreadPlace): T | Promise<T> }
    return opener.open(data, this)
  }
}
