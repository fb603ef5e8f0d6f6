import { expect } from 'chai'
import { NodeError } from '../../../core/base/errors.js'
import { createRandom, type Random } from '../../../core/base/random.js'
import type { ChokePolicy } from '../../../core/contracts/choke-policy.js'
import { SmallSwarm, everyone, type Node } from './small-swarm.js'

const KiB = 1024
const STEPS = 60
const CALM_SECONDS = 300

/** A swarm in which anything happens: a seeder that stays, a liar with all pieces, and leechers. */
class Chaos {
  private calm = false
  private readonly broken = new Set<Node>()
  readonly leechers: Node[] = []
  /** Pieces that a leecher wanted at any time; empty where all were wanted all the time. */
  readonly everWanted = new Map<Node, Set<number>>()

  private constructor(
    readonly swarm: SmallSwarm,
    readonly seeder: Node,
    readonly liar: Node,
    private readonly random: Random,
  ) {}

  static async begin(random: Random): Promise<Chaos> {
    const pieceLength = [16 * KiB, 40_000, 64 * KiB, 150_000][random.below(4)]!
    const swarm = new SmallSwarm(pieceLength * (1 + random.below(20)) + 1 + random.below(pieceLength), pieceLength)
    const choke: ChokePolicy = {
      round: (candidates, slots, seeding, round, own, unchoke) => {
        if (chaos.calm) everyone.round(candidates, slots, seeding, round, own, unchoke)
        else candidates.forEach((_, i) => (unchoke[i] = own.below(2)))
      },
    }
    const bufferBytes = pieceLength * (3 + random.below(8)) + 16 * KiB
    const seeder = await swarm.add(true, { choke })
    const liar = await swarm.add(true, { choke })
    const chaos = new Chaos(swarm, seeder, liar, random)
    for (let at = random.below(90_000); at < swarm.content.length; at += 1 + random.below(200_000))
      liar.storage.content[at]! ^= 1
    for (let n = 1 + random.below(4); n > 0; n--) chaos.leechers.push(await chaos.leecher(choke, bufferBytes))
    return chaos
  }

  /** The user changes his mind: about a run of pieces, about all, or about what comes first. */
  rewish(): void {
    const { random } = this
    const leecher = this.leechers[random.below(this.leechers.length)]!
    const { book } = leecher.session
    const wanted = this.everWanted.get(leecher) ?? new Set<number>()
    const wishes = book.priority.slice()
    const from = random.below(wishes.length)
    const wish = random.below(3) === 0 ? 0 : random.below(8)
    wishes.fill(wish, random.below(4) === 0 ? 0 : from, from + 1 + random.below(wishes.length))
    leecher.session.prioritize(wishes)
    wishes.forEach((now, piece) => now > 0 && wanted.add(piece))
    this.everWanted.set(leecher, wanted)
  }

  async step(): Promise<void> {
    const { swarm, random } = this
    const link = swarm.links[random.below(Math.max(1, swarm.links.length))]
    const some = [this.seeder, this.liar, ...this.leechers]
    const [from, to] = [some[random.below(some.length)]!, some[random.below(some.length)]!]
    const victim = this.leechers[random.below(this.leechers.length)]!
    const what = random.below(10)
    if (what <= 2) swarm.connect(from, to)
    else if (what === 3) link?.close()
    else if (what === 4) link?.pause()
    else if (what === 5) link?.resume()
    else if (what === 6)
      victim.storage.fail = victim.storage.fail ? null : new NodeError('ERR_STORAGE_FULL', 'operator', 'full')
    else if (what === 7 && !this.broken.delete(victim)) this.broken.add(victim)
    for (let n = random.below(40); n > 0; n--) {
      swarm.links[random.below(Math.max(1, swarm.links.length))]?.deliver(() => random.u32() / 2 ** 32)
      if (n % 8 === 0) await Promise.resolve()
      swarm.check()
    }
    if (what >= 8) await swarm.tick(1 + random.below(what === 8 ? 2 : 40))
  }

  /** Faults end, the seeder is there for all. */
  async settle(): Promise<void> {
    this.calm = true
    this.broken.clear()
    for (const link of this.swarm.links) link.resume()
    for (const leecher of this.leechers) leecher.storage.fail = null
    for (let second = 0; second < CALM_SECONDS && !this.complete; second += 20) {
      for (const leecher of this.leechers) this.swarm.connect(leecher, this.seeder)
      await this.swarm.tick(20)
    }
  }

  get complete(): boolean {
    return this.leechers.every(leecher => leecher.session.complete)
  }

  async close(): Promise<void> {
    await Promise.all(this.swarm.nodes.map(node => node.session.close()))
    for (const link of this.swarm.links) link.close()
    await this.swarm.settle()
  }

  private async leecher(choke: ChokePolicy, bufferBytes: number): Promise<Node> {
    const node = await this.swarm.add(false, { choke, bufferBytes })
    const read = node.storage.read.bind(node.storage)
    node.storage.read = job => {
      if (!this.broken.has(node)) read(job)
      else queueMicrotask(() => job.done(new NodeError('ERR_STORAGE_IO', 'operator', 'EIO')))
    }
    return node
  }
}

describe('a swarm in which anything happens', function () {
  this.timeout(60_000)
  for (let seed = 1; seed <= 40; seed++) {
    it(`completes once things calm down, and gives all memory back (seed ${seed})`, async () => {
      const random = createRandom(seed)
      const chaos = await Chaos.begin(random)
      for (let i = 0; i < STEPS; i++) await chaos.step()
      await chaos.settle()
      for (const leecher of chaos.leechers) {
        expect(leecher.session.checkInvariants()).to.deep.equal([])
        expect(leecher.failures).to.deep.equal([])
        expect(Buffer.compare(leecher.storage.content, chaos.swarm.content), 'content').to.equal(0)
      }
      expect(chaos.seeder.session.trust.bannedCount).to.equal(0)
      await chaos.close()
      for (const node of chaos.swarm.nodes) expect(node.arena.unitsInUse).to.equal(0)
    })
  }
})

describe('a swarm in which anything happens, and users change their minds', function () {
  this.timeout(60_000)
  for (let seed = 101; seed <= 140; seed++) {
    it(`gets exactly what is wanted at last, once things calm down (seed ${seed})`, async () => {
      const random = createRandom(seed)
      const chaos = await Chaos.begin(random)
      const { swarm } = chaos
      for (const leecher of chaos.leechers) {
        const wishes = leecher.session.book.priority.map(() => (random.below(2) === 0 ? 0 : 4))
        leecher.session.prioritize(wishes)
        chaos.everWanted.set(leecher, new Set([...wishes.keys()].filter(piece => wishes[piece]! > 0)))
      }
      for (let i = 0; i < STEPS; i++) {
        if (random.below(3) === 0) chaos.rewish()
        swarm.check()
        await chaos.step()
      }
      await chaos.settle()
      for (const leecher of chaos.leechers) {
        const { book } = leecher.session
        expect([book.complete, book.bytesLeft, leecher.failures]).to.deep.equal([true, 0, []])
        for (let piece = 0; piece < book.state.length; piece++) {
          const from = piece * swarm.geometry.pieceLength
          const bytes = leecher.storage.content.subarray(from, from + swarm.geometry.pieceLength)
          if (book.priority[piece]! > 0) expect(book.have.has(piece), `piece ${piece} is wanted`).to.equal(true)
          if (book.have.has(piece))
            expect(Buffer.compare(bytes, swarm.content.subarray(from, from + bytes.length))).to.equal(0)
          if (!chaos.everWanted.get(leecher)!.has(piece))
            expect(book.have.has(piece) || bytes.some(byte => byte !== 0), `piece ${piece}`).to.equal(false)
        }
      }
      await chaos.close()
      for (const node of swarm.nodes) expect(node.arena.unitsInUse).to.equal(0)
    })
  }
})
