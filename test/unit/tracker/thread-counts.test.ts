import { expect } from 'chai'
import { ThreadCounts } from '../../../core/tracker/thread-counts.js'

const places = { red: 0, blue: 1, green: 2 } as const

describe('thread counts', () => {
  it('add up what every thread has counted', () => {
    const counts = new ThreadCounts(places)
    for (const thread of [0, 1, 2, 64]) {
      const row = counts.row(thread)
      row[places.red]! += thread
      row[places.green]! += 1
    }
    expect(counts.totals()).to.deep.equal({ red: 67, blue: 0, green: 4 })
    expect(counts.total('green')).to.equal(4)
  })

  it('are the same from every side of their memory, and outlive who counted', () => {
    const counts = new ThreadCounts(places)
    new ThreadCounts(places, counts.memory).row(3)[places.blue]! += 2
    new ThreadCounts(places, counts.memory).row(3)[places.blue]! += 5
    expect(counts.total('blue')).to.equal(7)
  })

  it('count beyond 32 bits', () => {
    const counts = new ThreadCounts(places)
    counts.row(1)[places.red] = 2 ** 40
    counts.row(1)[places.red]!++
    expect(counts.total('red')).to.equal(2 ** 40 + 1)
  })

  it('take more names than fit a line, and any number of a thread', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}`, i]))
    const counts = new ThreadCounts(many)
    for (const thread of [0, 1, 1023, 100_000]) counts.row(thread).fill(1, 0, 40)
    expect(Object.values(counts.totals())).to.deep.equal(Array.from({ length: 40 }, () => 4))
  })
})
