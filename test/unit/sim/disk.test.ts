import { expect } from 'chai'
import { SimDisk } from '../../../core/sim/disk.js'
import { Timeline } from '../../../core/sim/timeline.js'

function disk(): { readonly disk: SimDisk; readonly timeline: Timeline } {
  const timeline = new Timeline()
  return { timeline, disk: new SimDisk(timeline, { operationMs: 2, bytesPerSecond: 1000 }, run => run()) }
}

describe('sim disk', () => {
  it('does one thing after the other, each for its price', () => {
    const { disk: one, timeline } = disk()
    const done: string[] = []
    one.queue(1000, () => done.push(`large at ${timeline.now}`))
    one.queue(0, () => done.push(`small at ${timeline.now}`))
    while (timeline.step());
    expect(done).to.deep.equal(['large at 1002', 'small at 1004'])
  })

  it('holds zeros where nothing was written', () => {
    const { disk: one } = disk()
    one.write('/a/b', 3, Uint8Array.of(7))
    one.write('/a/b', 6_000_000_000, Uint8Array.of(8, 9))
    const file = one.file('/a/./x/../b')
    const read = (at: number, length: number): number[] | undefined => {
      const into = new Uint8Array(length)
      return file?.read(at, into) ? [...into] : undefined
    }
    expect(read(0, 5)).to.deep.equal([0, 0, 0, 7, 0])
    expect(read(5_999_999_999, 3)).to.deep.equal([0, 8, 9])
    expect(read(6_000_000_001, 2)).to.equal(undefined)
  })

  it('lists names in byte order, moves folders with what is in them, and removes them', () => {
    const { disk: one } = disk()
    for (const path of ['/a/z', '/a/B/c', '/a/\u{1f600}', '/a/\u{ffee}']) one.write(path, 0, Uint8Array.of(1))
    expect(one.list('/a')).to.deep.equal(['B', 'z', '\u{ffee}', '\u{1f600}'])
    expect(one.move('/a', '/d/e')).to.equal(true)
    expect(one.list('/')).to.deep.equal(['d'])
    expect(one.isFolder('/d/e/B')).to.equal(true)
    expect(one.file('/d/e/B/c')?.length).to.equal(1)
    one.remove('/d')
    expect(one.list('/')).to.deep.equal([])
    expect(one.move('/d', '/e')).to.equal(false)
  })
})
