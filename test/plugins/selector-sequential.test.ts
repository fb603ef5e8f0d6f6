import { expect } from 'chai'
import { PieceSelectors } from '../../core/contracts/piece-selector.js'
import plugin from '../../plugins/selector-sequential/index.js'
import { options } from '../../plugins/selector-sequential/config.js'
import { Sequential } from '../../plugins/selector-sequential/sequential.js'
import { loadPlugin, pieceSelectorCases, register, SwarmPicture } from '../conformance/index.js'
import type { PieceSelectorFactory } from '../../core/contracts/piece-selector.js'

const factory: PieceSelectorFactory = {
  create: (view, own) => new Sequential(view, options.parse(own)),
}

register('selector-sequential: contract', pieceSelectorCases(factory, { options: { windowPieces: 4 } }))
register(
  'selector-sequential: contract, all in order',
  pieceSelectorCases(factory, { options: { windowPieces: 100_000 }, score: (_, piece) => piece }),
)

/** A swarm with a selector told of all that happens from now on. */
function listening(picture: string | number, windowPieces = 64, seed = 1): [SwarmPicture, Sequential] {
  const swarm = new SwarmPicture(picture, seed)
  const selector = new Sequential(swarm.view, { windowPieces })
  swarm.tell(selector)
  return [swarm, selector]
}

describe('selector-sequential', () => {
  it('is provided as "sequential", and refuses options it does not know', async () => {
    const loaded = await loadPlugin(plugin)
    const provided = loaded.provided(PieceSelectors).get('sequential')
    const swarm = new SwarmPicture('hww')
    expect(provided.create(swarm.view, {}).pick(swarm.join('seed'))).to.equal(1)
    expect(() => provided.create(swarm.view, { windowPieces: 0 }))
      .to.throw('windowPieces')
      .with.property('code', 'ERR_SEQUENTIAL_OPTIONS')
    await loaded.stop()
  })

  it('goes from the first piece to the last, and back to one that failed', () => {
    const [swarm, selector] = listening('hwwhww')
    const seed = swarm.join('seed')
    for (const piece of [1, 2, 4]) {
      expect(selector.pick(seed)).to.equal(piece)
      swarm.move(piece, 'o')
    }
    swarm.move(2, 'w')
    expect(selector.pick(seed)).to.equal(2)
  })

  it('asks a peer for the first it has within the window', () => {
    const [swarm, selector] = listening('wwwwwwww', 4)
    expect(selector.pick(swarm.join('..xxxxxx'))).to.equal(2)
  })

  it('asks a peer with nothing in the window for a random piece behind it', () => {
    const seen = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      const [swarm, selector] = listening('wwwwwwww', 4, seed)
      seen.add(selector.pick(swarm.join('....xxxx')))
    }
    expect([...seen].sort()).to.deep.equal([4, 5, 6, 7])
  })

  it('counts the window from the first piece that is wanted', () => {
    const [swarm, selector] = listening('hhoowwww', 2)
    const peer = swarm.join('...xxxxx')
    expect(selector.pick(peer)).to.equal(4)
    swarm.move(4, 'o')
    expect(selector.pick(peer)).to.equal(5)
  })

  it('takes a higher priority first', () => {
    const [swarm, selector] = listening('wwww')
    const seed = swarm.join('seed')
    swarm.wish(3, 7)
    expect(selector.pick(seed)).to.equal(3)
    swarm.move(3, 'o')
    expect(selector.pick(seed)).to.equal(0)
  })
})
