import { expect } from 'chai'
import { WriteTurns } from '../../plugins/storage-file/write-turns.js'

describe('storage-file write turns', () => {
  it('are free for one file while another is written, in every thread', () => {
    const turns = new WriteTurns()
    const elsewhere = new WriteTurns(turns.shared)
    turns.take(1)
    expect(waits(() => elsewhere.take(2))).to.equal(false)
    expect(waits(() => elsewhere.take(1))).to.equal(true)
    turns.give(1)
    expect(waits(() => elsewhere.take(1))).to.equal(false)
  })

  it('hold nobody up for long where the other is slow, or dead', () => {
    const turns = new WriteTurns()
    turns.take(7)
    turns.take(7)
    turns.give(7)
    expect(waits(() => turns.take(7))).to.equal(false)
  })
})

/** Does it come to a wait? (Time is not looked at: the machine may be slow.) */
function waits(work: () => void): boolean {
  const { wait } = Atomics
  let waited = false
  Atomics.wait = (...words: unknown[]) => {
    waited = true
    return Reflect.apply(wait, Atomics, words) as 'timed-out'
  }
  try {
    work()
  } finally {
    Atomics.wait = wait
  }
  return waited
}
