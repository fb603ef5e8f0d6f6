// The suite for piece selectors can fail: each selector that breaks its contract is found out.
import { expect } from 'chai'
import { bestScore } from '../../../core/contracts/piece-selector.js'
import { pieceSelectorCases, type SelectorNumbers, type SelectorSuite } from '../../conformance/index.js'
import { badSelectors } from '../../fixtures/bad-selectors.js'
import type { PieceSelectorFactory } from '../../../core/contracts/piece-selector.js'
import type { ConformanceCase } from '../../conformance/index.js'

const plain: PieceSelectorFactory = {
  create: view => ({ pick: peer => bestScore(view, peer, piece => view.availability[piece] ?? 0) }),
}

async function failures(cases: readonly ConformanceCase[]): Promise<readonly string[]> {
  const said: string[] = []
  for (const one of cases) {
    try {
      await one.run()
    } catch (error) {
      said.push(`${one.name}: ${String(error)}`)
    }
  }
  return said
}

describe('the conformance suite for piece selectors', function () {
  this.timeout(30_000)

  it('passes the simplest selector there is, and says how long its picks took', async () => {
    const numbers: SelectorNumbers[] = []
    const score: SelectorSuite['score'] = (view, piece) => view.availability[piece] ?? 0
    expect(await failures(pieceSelectorCases(plain, { score, report: line => numbers.push(line) }))).to.deep.equal([])
    expect(numbers.map(line => line.pieces)).to.deep.equal([5_000, 100_000])
    for (const line of numbers) expect(line.microsecondsPerPick).to.be.above(0)
  })

  for (const [name, factory] of Object.entries(badSelectors)) {
    it(`fails one that ${name}`, async () => {
      expect(await failures(pieceSelectorCases(factory))).to.not.be.empty
    })
  }

  it('fails one that goes by what was true when it was made', async () => {
    const stale: PieceSelectorFactory = {
      create(view) {
        const wanted = [...Array(view.geometry.pieceCount).keys()].filter(i => view.state[i] === 1)
        return {
          pick: peer => view.geometry.piece(wanted.find(piece => peer.has(piece)) ?? -1),
        }
      },
    }
    expect(await failures(pieceSelectorCases(stale))).to.not.be.empty
  })

  it('fails one that takes no account of priorities', async () => {
    const even: PieceSelectorFactory = {
      create: view => ({
        pick: peer => {
          const priority = Uint8Array.from({ length: view.priority.length }, (_, i) =>
            Math.min(1, view.priority[i] ?? 0),
          )
          return bestScore({ ...view, priority }, peer, piece => view.availability[piece] ?? 0)
        },
      }),
    }
    const failed = await failures(pieceSelectorCases(even))
    expect(failed.some(text => text.startsWith('what is wanted more comes first'))).to.equal(true)
  })

  it('fails one that draws from a randomness of its own', async () => {
    const own: PieceSelectorFactory = {
      create: view => ({
        pick: peer =>
          bestScore({ ...view, random: { ...view.random, below: n => Math.floor(Math.random() * n) } }, peer, () => 0),
      }),
    }
    expect((await failures(pieceSelectorCases(own))).join()).to.contain('same seed')
  })
})
