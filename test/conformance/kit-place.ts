// A place in which a test opens a Portable: as a thread would, from a copy of what it brings, but in this one.
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import type { Portable, ThreadPlace } from '../../core/base/portable.js'

export class KitPlace implements ThreadPlace {
  readonly random
  readonly log = silentLogger

  constructor(
    readonly number = 1,
    readonly clock: { now(): number } = { now: () => 1000 },
  ) {
    this.random = createRandom(number)
  }

  async open<T>(portable: Portable<T>): Promise<T> {
    const { module, data } = structuredClone({ module: portable.module, data: portable.data })
    const opener = (await import(module)) as { open(data: unknown, place: ThreadPlace): T | Promise<T> }
    return opener.open(data, this)
  }
}
