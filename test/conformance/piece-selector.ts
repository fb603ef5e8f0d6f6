// What every piece selector must do (core/contracts/piece-selector.ts).
import assert from 'node:assert/strict'
import { createRandom } from '../../core/base/random.js'
import { NONE } from '../../core/contracts/piece-selector.js'
import type { PieceSelectorFactory, SwarmView } from '../../core/contracts/piece-selector.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import type { ConformanceCase } from './case.js'
import { ask, playScript } from './selector-script.js'
import { SwarmPicture } from './swarm-picture.js'

export interface SelectorSuite {
  /** The torrent's own options, given to `create`. */
  readonly options?: Readonly<Record<string, unknown>>
  /**
   * What this selector prefers: the lower, the sooner, among pieces of one priority. With it the suite checks that
   * what was learnt call by call leads to no worse a piece than reading the view anew.
   */
  score?(view: SwarmView, piece: PieceIndex): number
  /** Told what the large cases measured; nothing is judged by it. */
  report?(numbers: SelectorNumbers): void
}

export interface SelectorNumbers {
  readonly pieces: number
  readonly peers: number
  readonly picks: number
  readonly microsecondsPerPick: number
}

const SEEDS = 30
const PICTURES = [
  'w',
  'h',
  's',
  'wwoowhhs',
  'oooovvvv',
  'whwhwhwhwhw',
  'sssssssssw',
  'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww',
]

export function pieceSelectorCases(factory: PieceSelectorFactory, suite: SelectorSuite = {}): ConformanceCase[] {
  const options = suite.options ?? {}
  const script = { pieces: 40, steps: 300, options }
  const cases: ConformanceCase[] = PICTURES.map(picture => ({
    name: `on "${picture}" it picks what is wanted and there, for peers of all kinds`,
    run() {
      for (let seed = 1; seed <= 8; seed++) {
        const swarm = new SwarmPicture(picture, seed)
        const selector = factory.create(swarm.view, options)
        swarm.tell(selector)
        const random = createRandom(seed).fork('peers')
        for (const share of [1, 2, 5]) swarm.join([...swarm.state.keys()].filter(() => random.below(share) === 0))
        for (const peer of [swarm.join('seed'), ...swarm.peers, swarm.join()]) ask(swarm, selector, peer)
      }
    },
  }))

  const add = (name: string, run: () => void): void => void cases.push({ name, run })

  add('a download of one seed ends with every piece picked once', () => {
    const swarm = new SwarmPicture('wwwwwwwwhwws')
    const selector = factory.create(swarm.view, options)
    swarm.tell(selector)
    const seed = swarm.join('seed')
    const picked: number[] = []
    for (let piece = ask(swarm, selector, seed); piece !== NONE; piece = ask(swarm, selector, seed)) {
      picked.push(piece)
      for (const letter of 'ovh') swarm.move(piece, letter)
    }
    assert.deepEqual(
      picked.sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 9, 10],
    )
  })

  add('to be asked is not to be told: the same question again has an answer again', () => {
    const swarm = new SwarmPicture('hhwh')
    const selector = factory.create(swarm.view, options)
    swarm.tell(selector)
    const peer = swarm.join('..x.')
    for (let i = 0; i < 5; i++) assert.equal(ask(swarm, selector, peer), 2)
  })

  add('a piece of priority 0 is never picked, even where it stands as wanted', () => {
    const swarm = new SwarmPicture('www')
    swarm.priority[0] = swarm.priority[2] = 0
    const selector = factory.create(swarm.view, options)
    swarm.tell(selector)
    const seed = swarm.join('seed')
    for (let i = 0; i < 20; i++) assert.equal(ask(swarm, selector, seed), 1)
    swarm.move(1, 'o')
    assert.equal(ask(swarm, selector, seed), NONE)
  })

  add('what is wanted more comes first, strictly, for peers of all kinds', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      playScript(factory, {
        ...script,
        seed,
        judge(swarm, peer, picked) {
          if (picked === NONE) return
          const most = Math.max(...swarm.fitting(peer).map(piece => swarm.priority[piece] ?? 0))
          assert.equal(swarm.priority[picked], most, `picked ${picked}, though there is a piece of priority ${most}`)
        },
      })
    }
  })

  add('a wish that changes is heeded at once', () => {
    const swarm = new SwarmPicture('ss')
    const selector = factory.create(swarm.view, options)
    swarm.tell(selector)
    const seed = swarm.join('seed')
    assert.equal(ask(swarm, selector, seed), NONE)
    swarm.wish(1, 4)
    assert.equal(ask(swarm, selector, seed), 1)
    swarm.wish(1, 0)
    assert.equal(ask(swarm, selector, seed), NONE)
  })

  add('a piece that failed, or was given up, is picked again', () => {
    const swarm = new SwarmPicture('w')
    const selector = factory.create(swarm.view, options)
    swarm.tell(selector)
    const seed = swarm.join('seed')
    for (const way of ['ow', 'ovw', 'ovhw']) {
      assert.equal(ask(swarm, selector, seed), 0)
      for (const letter of way) swarm.move(0, letter)
    }
    assert.equal(ask(swarm, selector, seed), 0)
  })

  add('a peer in the seat of one that left is not taken for it', () => {
    const swarm = new SwarmPicture('wwww')
    const selector = factory.create(swarm.view, options)
    swarm.tell(selector)
    const first = swarm.join('x...')
    assert.equal(ask(swarm, selector, first), 0)
    swarm.leave(first)
    const second = swarm.join()
    assert.equal(second.slot, first.slot)
    assert.equal(ask(swarm, selector, second), NONE)
    swarm.has(second, 3)
    assert.equal(ask(swarm, selector, second), 3)
  })

  add(`its answers stand through ${SEEDS} random downloads`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) playScript(factory, { ...script, seed })
    playScript(factory, { ...script, pieces: 1, seed: 1 })
    playScript(factory, { ...script, pieces: 700, steps: 1500, seed: 2 })
  })

  add('the same seed gives the same answers', () => {
    for (let seed = 1; seed <= 5; seed++) {
      assert.deepEqual(playScript(factory, { ...script, seed }), playScript(factory, { ...script, seed }))
    }
  })

  add('what it was told leads it as well as reading the view anew', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      playScript(factory, {
        ...script,
        seed,
        judge(swarm, peer, picked) {
          const anew = ask(swarm, factory.create(swarm.view, options), peer)
          if (picked === NONE || suite.score === undefined) return assert.equal(anew === NONE, picked === NONE)
          const value = (piece: number): number => suite.score?.(swarm.view, swarm.piece(piece)) ?? 0
          assert.equal(swarm.priority[picked], swarm.priority[anew], `picked ${picked}, anew ${anew}: other priority`)
          assert.equal(value(picked), value(anew), `picked ${picked}, anew ${anew}: other score`)
        },
      })
    }
  })

  add('it changes nothing of what it is shown', () => {
    playScript(factory, {
      ...script,
      seed: 3,
      judge(swarm, peer) {
        const before = [swarm.state, swarm.priority, swarm.availability, peer.have].map(array => Array.from(array))
        ask(swarm, factory.create(swarm.view, options), peer)
        assert.deepEqual(
          [swarm.state, swarm.priority, swarm.availability, peer.have].map(array => Array.from(array)),
          before,
        )
      },
    })
  })

  add('selectors of two torrents know nothing of each other, and one that is dropped leaves no trace', () => {
    const alone = playScript(factory, { ...script, seed: 4 })
    const other = new SwarmPicture('wwwwhhhhwwww', 9)
    let neighbour = factory.create(other.view, options)
    const seed = other.join('seed')
    const beside = playScript(factory, {
      ...script,
      seed: 4,
      judge() {
        const piece = ask(other, neighbour, seed)
        if (piece !== NONE) other.move(piece, 'o')
        else for (let i = 0; i < other.pieceCount; i++) other.move(i, 'w')
        neighbour = factory.create(other.view, options)
      },
    })
    assert.deepEqual(beside, alone)
  })

  add('it copes with 5,000 pieces and 60 peers that come and go', () => {
    suite.report?.(measure(factory, options, 5_000, 60, 600))
  })
  add('it copes with 100,000 pieces and 30 peers that come and go', () => {
    suite.report?.(measure(factory, options, 100_000, 30, 200))
  })
  return cases
}

/** A download of many pieces; a peer comes or goes every 40 picks. */
function measure(
  factory: PieceSelectorFactory,
  options: Readonly<Record<string, unknown>>,
  pieces: number,
  peers: number,
  picks: number,
): SelectorNumbers {
  const swarm = new SwarmPicture(pieces, 7)
  const random = createRandom(7).fork('peers')
  const bits = (): readonly number[] => {
    const share = 1 + random.below(6)
    return [...swarm.state.keys()].filter(() => random.below(share) === 0)
  }
  swarm.join('seed')
  for (let i = 1; i < peers; i++) swarm.join(bits())
  const selector = factory.create(swarm.view, options)
  swarm.tell(selector)
  let spent = 0
  for (let i = 1; i <= picks; i++) {
    const peer = swarm.peers[random.below(swarm.peers.length)]!
    const began = performance.now()
    const picked = selector.pick(peer)
    spent += performance.now() - began
    assert.ok(picked === NONE || swarm.fits(peer, picked), `picked ${picked}, which does not fit`)
    if (picked !== NONE) swarm.move(picked, 'o')
    if (i % 40 !== 0) continue
    swarm.leave(swarm.peers[1 + random.below(swarm.peers.length - 1)]!)
    swarm.join(bits())
  }
  return { pieces, peers, picks, microsecondsPerPick: (spent * 1000) / picks }
}
