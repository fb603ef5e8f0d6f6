import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { createHashPool, type HashPoolOptions } from '../../plugins/host-node/hash-pool.js'
import { register } from '../conformance/case.js'
import { hashPoolCases } from '../conformance/hash-pool.js'

const never = new AbortController().signal

function temporary(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-hash-'))
}

function digestsOf(bytes: Buffer, pieceLength: number): Buffer {
  const digests: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceLength) {
    digests.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + pieceLength))
        .digest(),
    )
  }
  return Buffer.concat(digests)
}

for (const options of [{ workers: 2 }, { workers: 0 }, { workers: 2, callerHelps: true }] satisfies HashPoolOptions[]) {
  register(
    `hash pool: contract, ${JSON.stringify(options)}`,
    hashPoolCases(() => {
      const folder = temporary()
      const pool = createHashPool(options)
      return Promise.resolve({
        pool,
        folder,
        put(elements, bytes) {
          const at = path.join(folder, ...elements)
          fs.mkdirSync(path.dirname(at), { recursive: true })
          fs.writeFileSync(at, bytes)
          return Promise.resolve()
        },
        async close() {
          await pool.close()
          fs.rmSync(folder, { recursive: true, force: true })
        },
      })
    }),
  )
}

describe('hash pool: content that is worth threads', () => {
  const LENGTH = 40 * 2 ** 20 + 5
  const PIECE = 2 ** 20
  let folder: string
  let expected: Buffer

  before(() => {
    folder = temporary()
    const bytes = Buffer.alloc(LENGTH)
    for (let i = 0; i < LENGTH; i += 4096) bytes.writeUInt32LE(i, Math.min(i, LENGTH - 4))
    fs.writeFileSync(path.join(folder, 'a'), bytes.subarray(0, 30_000_001))
    fs.writeFileSync(path.join(folder, 'b'), bytes.subarray(30_000_001))
    expected = digestsOf(bytes, PIECE)
  })
  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  const facts = [
    { path: ['a'], length: 30_000_001, mtimeMs: 0 },
    { path: ['b'], length: LENGTH - 30_000_001, mtimeMs: 0 },
  ]

  for (const options of [{ workers: 3 }, { workers: 2, callerHelps: true }, { workers: 0 }]) {
    it(`is hashed right by ${JSON.stringify(options)}`, async () => {
      const pool = createHashPool(options)
      let told = 0
      const digests = await pool.digests(facts, folder, PIECE, bytes => (told += bytes), never)
      await pool.close()
      expect(told).to.equal(LENGTH)
      expect(expected.equals(digests)).to.equal(true)
    })
  }

  for (const options of [{ workers: 2 }, { workers: 2, callerHelps: true }, { workers: 0 }]) {
    it(`is held against digests by ${JSON.stringify(options)}, with zeros, gaps and damage in it`, async () => {
      // Zeros that are not stored, the second megabyte with a wrong byte, then a file that is not there, at the end of
      // one that is too short.
      const bytes = Buffer.alloc(LENGTH, 1)
      bytes.fill(0, 0, 1000)
      fs.writeFileSync(path.join(folder, 'c'), bytes.subarray(1000, 21 * PIECE - 3))
      const digests = digestsOf(bytes, PIECE)
      const damaged = fs.openSync(path.join(folder, 'c'), 'r+')
      fs.writeSync(damaged, Buffer.of(2), 0, 1, PIECE)
      fs.closeSync(damaged)
      const files = [
        { path: '', length: 1000 },
        { path: path.join(folder, 'c'), length: 21 * PIECE - 1000 },
        { path: path.join(folder, 'none'), length: 3 * PIECE },
        { path: folder, length: LENGTH - 24 * PIECE - 5 },
        { path: '', length: 5 },
      ]
      const pool = createHashPool(options)
      let told = 0
      const right = await pool.check(files, PIECE, digests, count => (told += count))
      await pool.close()
      expect(told).to.equal(LENGTH)
      const expectedRight = Array.from({ length: 41 }, (_, piece) => (piece < 20 && piece !== 1 ? 1 : 0))
      expect([...right]).to.deep.equal(expectedRight)
    })
  }

  it('can be given up in the middle, and lets go of the files', async () => {
    const pool = createHashPool({ workers: 2 })
    const controller = new AbortController()
    const reason = new Error('given up')
    let told = 0
    const progress = (bytes: number): void => {
      told += bytes
      controller.abort(reason)
    }
    const error: unknown = await pool
      .digests(facts, folder, PIECE, progress, controller.signal)
      .catch((e: unknown) => e)
    expect(error).to.equal(reason)
    expect(told).to.be.lessThan(LENGTH)
    await pool.close()
  })

  it('names the file that is shorter than it should be, from a thread', async () => {
    const pool = createHashPool({ workers: 2 })
    const longer = [facts[0]!, { ...facts[1]!, length: facts[1]!.length + 1 }]
    const error: unknown = await pool.digests(longer, folder, PIECE, () => {}, never).catch((e: unknown) => e)
    await pool.close()
    expect(error).to.include({ code: 'ERR_HASH_SHORT', blame: 'operator' })
    expect(String(error)).to.include(path.join(folder, 'b'))
  })

  it('fails what is under way when it is closed', async () => {
    const pool = createHashPool({ workers: 1 })
    const data = new Uint8Array(new SharedArrayBuffer(2 ** 20))
    const answer = pool.verify(data, new Uint8Array(20)).catch((e: unknown) => e)
    await pool.close()
    expect(await answer).to.include({ code: 'ERR_HASH_THREAD' })
  })
})
