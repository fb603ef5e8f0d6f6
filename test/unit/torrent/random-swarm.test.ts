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
