import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import fc from 'fast-check'
import { toHex } from '../../../core/base/bytes.js'
import { KeySetWriter } from '../../../core/base/key-set-writer.js'
import { KEY_BYTES, KeySet } from '../../../core/base/key-set.js'
import { createRandom } from '../../../core/base/random.js'

// Few values a byte, so that keys share words and slots.
const key = fc
  .array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 20 })
  .map(list => Uint8Array.from(list))

/** Key number `n` of a random world. */
function keyOf(n: number): Uint8Array {
  const out = new Uint8Array(KEY_BYTES)
  createRandom(n).fill(out)
  return out
}

describe('key set', () => {
  it('holds what came and did not go, whoever asks, whatever was done', () => {
    const pool = fc.array(key, { minLength: 1, maxLength: 60 })
    const what = fc.constantFrom('add', 'add', 'add', 'remove', 'replace', 'forget')
    const steps = fc.array(fc.tuple(what, fc.nat(), fc.nat()), { maxLength: 120 })
    fc.assert(
      fc.property(pool, steps, (keys, all) => {
        const writer = new KeySetWriter(1000)
        const early = new KeySet(writer.memory)
        const model = new Map<string, Uint8Array>()
        for (const [step, from, count] of all) {
          const some = Array.from({ length: step === 'add' || step === 'remove' ? 1 : count % 40 }, (_, i) => {
            return keys[(from + i) % keys.length] ?? keyOf(0)
          })
          if (step === 'add') for (const one of some) writer.add(one)
          else if (step === 'remove') for (const one of some) writer.remove(one)
          else {
            const draft = writer.draft(some.length)
            for (const one of some) draft.put(one)
            if (step === 'forget') continue
            writer.replaceBy(draft)
            model.clear()
          }
          for (const one of some) {
            if (step === 'remove') model.delete(toHex(one))
            else model.set(toHex(one), one)
          }
          expect(writer.size).to.equal(model.size)
          for (const reader of [writer, early, new KeySet(writer.memory)]) {
            for (const one of keys) expect(reader.has(one)).to.equal(model.has(toHex(one)))
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('takes a key out of the middle of longer bytes', () => {
    const writer = new KeySetWriter(100)
    const bytes = Uint8Array.from({ length: 60 }, (_, i) => i)
    const draft = writer.draft(2)
    expect([draft.put(bytes, 20), draft.put(bytes, 20), draft.put(bytes, 40)]).to.deep.equal([true, false, true])
    writer.replaceBy(draft)
    expect(writer.size).to.equal(2)
    expect([0, 20, 40].map(at => writer.has(bytes.slice(at, at + 20)))).to.deep.equal([false, true, true])
  })

  it('stays as large as it was while keys come and go, or lists of one size take turns', () => {
    const writer = new KeySetWriter(100_000)
    for (let i = 0; i < 100; i++) writer.add(keyOf(i))
    for (let i = 100; i < 20_000; i++) {
      writer.add(keyOf(i))
      writer.remove(keyOf(i - 100))
    }
    expect(writer.memory.byteLength).to.be.below(40_000)
    const fill = (count: number): void => {
      const draft = writer.draft(count)
      for (let i = 0; i < count; i++) draft.put(keyOf(i))
      writer.replaceBy(draft)
    }
    for (const count of [1000, 1000, 10, 1000]) fill(count)
    const { byteLength } = writer.memory
    for (const count of [1000, 500, 1000, 3, 1000]) fill(count)
    expect(writer.memory.byteLength).to.equal(byteLength)
    expect(() => writer.draft(10_000_000)).to.throw(RangeError)
  })

  it('holds lists that grow by one key each, up to the most there may be, in the memory of a few', () => {
    const most = 1000
    const writer = new KeySetWriter(most)
    const fill = (count: number): void => {
      const draft = writer.draft(count)
      for (let i = 0; i < count; i++) draft.put(keyOf(i))
      writer.replaceBy(draft)
    }
    for (let count = 0; count <= most; count++) fill(count)
    expect(writer.has(keyOf(most - 1))).to.equal(true)
    // A key takes 20 bytes and two slots of 4.
    expect(writer.memory.byteLength).to.be.below(4 * 28 * 1024 + 1024)
    expect(() => writer.draft(most + 1)).to.throw(RangeError)
    expect(() => writer.add(keyOf(most))).to.throw(RangeError)
    expect([writer.size, writer.has(keyOf(0)), writer.has(keyOf(most))]).to.deep.equal([most, true, false])
  })

  it('is read by a thread while it changes, without a moment in which a key is missing or a stranger in', async function () {
    this.timeout(20_000)
    const writer = new KeySetWriter(100_000)
    const kept = Array.from({ length: 50 }, (_, i) => keyOf(i))
    const strange = Array.from({ length: 50 }, (_, i) => keyOf(1000 + i))
    for (const one of kept) writer.add(one)
    const flags = new Int32Array(new SharedArrayBuffer(8))
    const worker = new Worker(new URL('./key-set-reader.js', import.meta.url), {
      workerData: { memory: writer.memory, kept, strange, flags },
    })
    const ended = new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    while (Atomics.load(flags, 1) === 0) await new Promise(resolve => setImmediate(resolve))
    const from = Atomics.load(flags, 1)
    // Until it has asked often enough, the set is never at rest: others come and go, and the table is made anew.
    for (let round = 0; Atomics.load(flags, 1) < from + 3000; round++) {
      for (let i = 0; i < 40; i++) writer.add(keyOf(2000 + ((round * 40 + i) % 5000)))
      if (round % 3 > 0) continue
      const draft = writer.draft(round % 2 === 0 ? 60 : 3000)
      for (const one of kept) draft.put(one)
      writer.replaceBy(draft)
      if (round % 60 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    Atomics.store(flags, 0, 1)
    expect(await ended).to.deep.equal({ missing: 0, strangers: 0 })
    await worker.terminate()
  })
})
