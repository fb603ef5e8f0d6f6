// Real SHA-1, done at once and answered after the time a worker would have taken.
import { createHash } from 'node:crypto'
import { equalBytes } from '../../core/base/bytes.js'
import { delay } from '../../core/base/clock.js'
import type { FileFact, HashPool } from '../../core/contracts/host.js'
import type { SimNode } from '../../core/sim/node.js'
import { errors } from './errors.js'

const DIGEST_BYTES = 20
const MIB = 1024 * 1024

export class SimHashing implements HashPool {
  constructor(
    private readonly machine: SimNode,
    private readonly mibPerSecond: number,
  ) {}

  async verify(data: Uint8Array, digest: Uint8Array): Promise<boolean> {
    const right = equalBytes(sha1(data), digest)
    await this.cost(data.length)
    return right
  }

  async digests(
    files: readonly FileFact[],
    folder: string,
    pieceLength: number,
    progress: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    signal.throwIfAborted()
    const total = files.reduce((sum, file) => sum + file.length, 0)
    const content = new Uint8Array(total)
    let filled = 0
    for (const fact of files) {
      content.set(this.bytesOf(fact, folder), filled)
      filled += fact.length
    }
    const out = new Uint8Array(Math.ceil(total / pieceLength) * DIGEST_BYTES)
    for (let at = 0, k = 0; at < total; at += pieceLength, k++) {
      const piece = content.subarray(at, at + pieceLength)
      out.set(sha1(piece), k * DIGEST_BYTES)
      await this.cost(piece.length, signal)
      progress(piece.length)
    }
    return out
  }

  private bytesOf(fact: FileFact, folder: string): Uint8Array {
    const path = [folder, ...fact.path].join('/')
    const file = this.machine.disk.file(path)
    if (file === undefined || file.length < fact.length) {
      throw errors.make('ERR_FILE_FAILED', `${path} is shorter than ${fact.length} bytes: did it change meanwhile?`)
    }
    return file.bytes().subarray(0, fact.length)
  }

  private cost(bytes: number, signal?: AbortSignal): Promise<void> {
    return delay(this.machine.host.clock, (1000 * bytes) / (this.mibPerSecond * MIB), signal)
  }
}

function sha1(data: Uint8Array): Uint8Array {
  return createHash('sha1').update(data).digest()
}
