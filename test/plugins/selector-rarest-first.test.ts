import { expect } from 'chai'
import fc from 'fast-check'
import { NONE, PieceSelectors } from '../../core/contracts/piece-selector.js'
import plugin from '../../plugins/selector-rarest-first/index.js'
import { options } from '../../plugins/selector-rarest-first/config.js'
import { PieceBuckets } from '../../plugins/selector-rarest-first/piece-buckets.js'
import { RarestFirst } from '../../plugins/selector-rarest-first/rarest-first.js'
import { loadPlugin, pieceSelectorCases, register, SwarmPicture } from '../conformance/index.js'
import type { PieceSelectorFactory } from '../../core/contracts/piece-selector.js'

const factory: PieceSelectorFactory = {
  create: (view, own) => new RarestFirst(view, options.parse(own)),
}

register('selector-rarest-first: contract', pieceSelectorCases(factory))
register(
  'selector-rarest-first: contract, rarest from the first piece',
  pieceSelectorCases(factory, {
    options: { randomFirstPieces: 0 },
    score: (view, piece) => view.availability[piece] ?? 0,
  }),
)

/** A swarm with a selector told of all that happens from now on. */
function listening(picture: string | number, randomFirstPieces = 0, seed = 1): [SwarmPicture, RarestFirst] {
  const swarm = new SwarmPicture(picture, seed)
  const selector = new RarestFirst(swarm.view, { randomFirstPieces })
  swarm.tell(selector)
  return [swarm, selector]
}

describe('selector-rarest-first', () => {
  it('is provided as "rarest-first", and refuses options it does not know', async () => {
    const loaded = await loadPlugin(plugin, { randomFirstPieces: 2 })
    const provided = loaded.provided(PieceSelectors).get('rarest-first')
    const { view } = new SwarmPicture('www')
    expect(provided.create(view, {}).pick(new SwarmPicture('www').join('seed'))).to.be.within(0, 2)
    expect(() => provided.create(view, { randomFirst: 1 }))
      .to.throw('randomFirst')
      .with.property('code', 'ERR_RAREST_FIRST_OPTIONS')
    await loaded.stop()
  })

  it('picks the rarest piece, and follows as pieces become common', () => {
    const [swarm, selector] = listening('wwww')
    const seed = swarm.join('seed')
    const peer = swarm.join('xx.x')
    expect(selector.pick(seed)).to.equal(2)
    swarm.join('..x.')
    swarm.has(swarm.join('x...'), 3)
    expect(selector.pick(seed)).to.be.oneOf([1, 2])
    swarm.has(peer, 2)
    expect(selector.pick(seed)).to.equal(1)
  })

  it('takes a higher priority first, however common', () => {
    const [swarm, selector] = listening('www')
    const seed = swarm.join('seed')
    for (let i = 0; i < 3; i++) swarm.join('.x.')
    swarm.wish(1, 7)
    swarm.wish(2, 1)
    expect(selector.pick(seed)).to.equal(1)
    swarm.move(1, 'o')
    expect(selector.pick(seed)).to.equal(0)
  })

  it('breaks ties by the seed, and evenly', () => {
    const counts = [0, 0, 0, 0]
    for (let seed = 0; seed < 400; seed++) {
      const [swarm, selector] = listening('wwww', 0, seed)
      counts[selector.pick(swarm.join('seed'))]!++
    }
    for (const count of counts) expect(count).to.be.within(60, 140)
  })

  it('picks at random until the first pieces are there, then the rarest', () => {
    const seen = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      const [swarm, selector] = listening('wwwwww', 2, seed)
      const from = swarm.join('seed')
      swarm.join('.xxxxx')
      seen.add(selector.pick(from))
      swarm.move(4, 'h')
      swarm.move(5, 'h')
      expect(selector.pick(from)).to.equal(0)
    }
    expect(seen.size).to.equal(6)
  })

  it('keeps to priorities among the random first pieces as well', () => {
    for (let seed = 0; seed < 20; seed++) {
      const [swarm, selector] = listening('wwwwww', 4, seed)
      swarm.wish(3, 6)
      expect(selector.pick(swarm.join('seed'))).to.equal(3)
      expect(selector.pick(swarm.join('xx...x'))).to.be.oneOf([0, 1, 5])
    }
  })

  it('finds the rarest even where it is among the few that a peer has, or the many it has not', () => {
    const pieces = 5000
    const [swarm, selector] = listening(pieces)
    const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
    const common = swarm.join(range(2000, pieces))
    const few = swarm.join([4990, 4200, 2001])
    for (let i = 0; i < 3; i++) swarm.join(range(2000, 4990 - i))
    expect(selector.pick(few)).to.equal(4990)
    for (let i = 0; i < 100; i++) {
      const picked = selector.pick(common)
      const least = Math.min(...swarm.fitting(common).map(piece => swarm.availability[piece]!))
      expect(swarm.availability[picked]).to.equal(least)
      swarm.move(picked, 'o')
    }
    swarm.has(common, 7)
    expect(selector.pick(common)).to.equal(7)
    expect(selector.pick(swarm.join(''))).to.equal(NONE)
  })

  it('follows a piece that becomes more common than any was when it last looked', () => {
    const [swarm, selector] = listening('www')
    const seed = swarm.join('seed')
    expect(selector.pick(seed)).to.be.within(0, 2)
    const crowd = Array.from({ length: 60 }, () => swarm.join())
    for (const peer of crowd) for (const piece of [0, 2]) swarm.has(peer, piece)
    for (const peer of crowd.slice(0, 30)) swarm.has(peer, 1)
    expect(selector.pick(seed)).to.equal(1)
    for (const peer of crowd.slice(30)) swarm.has(peer, 1)
    swarm.leave(crowd[0]!)
    swarm.has(swarm.join('xx.'), 1)
    expect(selector.pick(seed)).to.equal(2)
  })

  it('breaks ties evenly among the few pieces of a peer in a large torrent', () => {
    const counts = new Map<number, number>()
    for (let seed = 0; seed < 200; seed++) {
      const [swarm, selector] = listening(3000, 0, seed)
      const piece = selector.pick(swarm.join([17, 1800, 2999]))
      counts.set(piece, (counts.get(piece) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).to.deep.equal([17, 1800, 2999])
    for (const count of counts.values()) expect(count).to.be.within(40, 95)
  })
})

describe('piece buckets', () => {
  it('hold what was put into them, through every move', () => {
    const bucket = fc.integer({ min: -1, max: 5 })
    const pieces = fc.integer({ min: 1, max: 20 })
    fc.assert(
      fc.property(pieces, fc.array(fc.tuple(fc.nat(19), bucket), { maxLength: 60 }), bucket, (count, moves, first) => {
        const buckets = new PieceBuckets(count)
        buckets.bucket.fill(first)
        buckets.fill(6)
        const model = new Array<number>(count).fill(first)
        for (const [piece, to] of moves.filter(([at]) => at < count)) {
          if (to === -1) {
            if (model[piece] !== -1) buckets.remove(piece)
          } else if (model[piece] === -1) buckets.add(piece, to)
          else buckets.move(piece, to)
          model[piece] = to
          expect(model.map((_, i) => buckets.bucketOf(i))).to.deep.equal(model)
          expect(buckets.size).to.equal(model.filter(b => b !== -1).length)
          for (let b = 0; b < 6; b++) {
            const inside = [...buckets.order.subarray(buckets.start[b], buckets.end[b])].sort((x, y) => x - y)
            expect(inside).to.deep.equal(model.flatMap((at, i) => (at === b ? [i] : [])))
            if (b > 0) expect(buckets.start[b]).to.be.at.least(buckets.end[b - 1]!)
          }
          const held = [...buckets.order.keys()].filter(at => buckets.holds(at))
          expect(held).to.have.length(buckets.size)
        }
      }),
      { numRuns: 300 },
    )
  })
})
