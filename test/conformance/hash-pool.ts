import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { casesOn } from './case.js'
import type { FileFact, HashPool } from '../../core/contracts/host.js'
import type { ConformanceCase } from './case.js'

/** What a provider gives for one case. */
export interface HashBed {
  readonly pool: HashPool
  /** Absolute; where `put` puts. */
  readonly folder: string
  put(path: readonly string[], bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

const PIECE = 32_768
/** Ends of files and of pieces fall together, apart, and several into one piece; the last piece is short. */
const LENGTHS = [PIECE, 0, 100, 3 * PIECE - 100, 1, 1, 0, 5 * PIECE + 17]

/** Obligations of HashPool. `setup` is called once a case. */
export function hashPoolCases(setup: () => Promise<HashBed>): ConformanceCase[] {
  const never = new AbortController().signal
  const onBed = casesOn(setup)

  return [
    onBed('verifies right and wrong data of any length', async ({ pool }) => {
      for (const length of [0, 1, 16_384, 65_536, 1_000_003]) {
        const data = sharedBytes(length, length)
        const digest = createHash('sha1').update(data).digest()
        assert.equal(await pool.verify(data, digest), true, `${length} bytes`)
        digest[19]! ^= 1
        assert.equal(await pool.verify(data, digest), false, `${length} bytes, wrong digest`)
      }
    }),

    onBed('verifies many at once, each by its own digest', async ({ pool }) => {
      const all = Array.from({ length: 40 }, (_, i) => sharedBytes(1000 + 7000 * i, i))
      const answers = all.map((data, i) =>
        pool.verify(
          data,
          createHash('sha1')
            .update(i % 3 === 0 ? 'other' : data)
            .digest(),
        ),
      )
      assert.deepEqual(
        await Promise.all(answers),
        all.map((_, i) => i % 3 !== 0),
      )
    }),

    onBed('verifies a view in the middle of shared memory', async ({ pool }) => {
      const memory = sharedBytes(300_000, 4)
      const view = memory.subarray(100_001, 200_002)
      assert.equal(await pool.verify(view, createHash('sha1').update(view).digest()), true)
    }),

    onBed('hashes files laid end to end, whatever the piece length', async bed => {
      const { facts, content } = await lay(bed)
      for (const pieceLength of [16_384, PIECE, 2 * PIECE, 16 * PIECE, 2 ** 26]) {
        const digests = await bed.pool.digests(facts, bed.folder, pieceLength, () => {}, never)
        assert(Buffer.from(digests).equals(reference(content, pieceLength)), `pieces of ${pieceLength}`)
      }
    }),

    onBed('hashes a file given by itself', async bed => {
      const bytes = sharedBytes(100_000, 6)
      await bed.put(['alone'], bytes)
      const digests = await bed.pool.digests([fact([], bytes.length)], `${bed.folder}/alone`, PIECE, () => {}, never)
      assert(Buffer.from(digests).equals(reference(bytes, PIECE)))
    }),

    onBed('has no digest for no bytes', async bed => {
      await bed.put(['empty'], new Uint8Array(0))
      assert.equal((await bed.pool.digests([], bed.folder, PIECE, () => {}, never)).length, 0)
      assert.equal((await bed.pool.digests([fact(['empty'], 0)], bed.folder, PIECE, () => {}, never)).length, 0)
    }),

    onBed('hashes no more than the facts say of a file that has grown', async bed => {
      const bytes = sharedBytes(PIECE + 500, 8)
      await bed.put(['grown'], bytes)
      const digests = await bed.pool.digests([fact(['grown'], PIECE + 100)], bed.folder, PIECE, () => {}, never)
      assert(Buffer.from(digests).equals(reference(bytes.subarray(0, PIECE + 100), PIECE)))
    }),

    onBed('tells its progress: every byte once', async bed => {
      const { facts, content } = await lay(bed)
      let told = 0
      const progress = (bytes: number): void => {
        assert(bytes > 0)
        told += bytes
      }
      await bed.pool.digests(facts, bed.folder, PIECE, progress, never)
      assert.equal(told, content.length)
    }),

    onBed('fails for a file that is shorter than its fact says, or absent', async bed => {
      const { facts } = await lay(bed)
      const longer = facts.map(one => (one.length === 100 ? { ...one, length: 101 } : one))
      await assert.rejects(
        bed.pool.digests(longer, bed.folder, PIECE, () => {}, never),
        { blame: 'operator' },
      )
      const absent = [...facts, fact(['absent'], 10)]
      await assert.rejects(
        bed.pool.digests(absent, bed.folder, PIECE, () => {}, never),
        { blame: 'operator' },
      )
      await bed.pool.digests(facts, bed.folder, PIECE, () => {}, never)
    }),

    onBed('ends with the reason of the signal, and works again', async bed => {
      const { facts, content } = await lay(bed)
      const reason = new Error('no longer')
      await assert.rejects(
        bed.pool.digests(facts, bed.folder, PIECE, () => {}, AbortSignal.abort(reason)),
        reason,
      )
      const controller = new AbortController()
      const under = bed.pool.digests(facts, bed.folder, PIECE, () => {}, controller.signal)
      controller.abort(reason)
      await assert.rejects(under, reason)
      const digests = await bed.pool.digests(facts, bed.folder, PIECE, () => {}, never)
      assert(Buffer.from(digests).equals(reference(content, PIECE)))
    }),
  ]
}

function fact(path: readonly string[], length: number): FileFact {
  return { path, length, mtimeMs: 0 }
}

async function lay(bed: HashBed): Promise<{ facts: FileFact[]; content: Uint8Array }> {
  const total = LENGTHS.reduce((sum, length) => sum + length, 0)
  const content = sharedBytes(total, 3)
  const facts = LENGTHS.map((length, i) => fact([`d${i % 2}`, `f${i}`], length))
  let at = 0
  for (const { path, length } of facts) {
    await bed.put(path, content.subarray(at, at + length))
    at += length
  }
  return { facts, content }
}

function reference(content: Uint8Array, pieceLength: number): Buffer {
  const digests: Buffer[] = []
  for (let at = 0; at < content.length; at += pieceLength) {
    digests.push(
      createHash('sha1')
        .update(content.subarray(at, at + pieceLength))
        .digest(),
    )
  }
  return Buffer.concat(digests)
}

function sharedBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(length))
  for (let i = 0; i < length; i++) bytes[i] = Math.imul(i + 1, 0x9e3779b1 ^ seed) >>> 21
  return bytes
}
