import { expect } from 'chai'
import { NodeError } from '../../../core/base/errors.js'
import { PieceState } from '../../../core/contracts/piece-selector.js'
import { scanBencode } from '../../../core/protocol/bencode-scan.js'
import { PeerFlag } from '../../../core/torrent/peer-table.js'
import { SmallSwarm, type Node } from './small-swarm.js'
import { Stranger } from './stranger.js'

const KiB = 1024
const PIECE = 64 * KiB

/** A seeder, and a leecher that wants what the picture says; nobody is connected yet. */
async function swarmOf(picture: string): Promise<{ swarm: SmallSwarm; seeder: Node; leecher: Node }> {
  const swarm = new SmallSwarm(picture.length * PIECE, PIECE)
  const seeder = await swarm.add(true)
  const leecher = await swarm.add(false)
  leecher.session.prioritize(wishes(picture))
  return { swarm, seeder, leecher }
}

function wishes(picture: string): number[] {
  return [...picture].map(Number)
}

function had(node: Node): string {
  const { have } = node.session.book
  return Array.from({ length: have.length }, (_, piece) => (have.has(piece) ? 'x' : '.')).join('')
}

describe('wishes of a session', () => {
  it('fetch what is wanted, and complete with that', async () => {
    const { swarm, seeder, leecher } = await swarmOf('00400440')
    expect([leecher.session.book.wanted, leecher.session.book.bytesWanted]).to.deep.equal([3, 3 * PIECE])
    swarm.connect(leecher, seeder)
    await swarm.tick(5)
    expect(had(leecher)).to.equal('..x..xx.')
    expect([leecher.completed, leecher.session.complete, leecher.session.book.bytesLeft]).to.deep.equal([1, true, 0])
    expect(seeder.session.uploadedBytes).to.equal(3 * PIECE)
  })

  it('are told to peers as interest, and its end', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4000')
    swarm.connect(leecher, seeder)
    await swarm.tick(5)
    const interested = (): boolean =>
      [...seeder.session.peers].some(p => seeder.session.peers.is(p.slot, PeerFlag.TheyWant))
    expect([had(leecher), interested()]).to.deep.equal(['x...', false])
    for (const link of swarm.links) link.pause()
    leecher.session.prioritize(wishes('4040'))
    for (const link of swarm.links) link.resume()
    await swarm.settle()
    expect([had(leecher), interested()]).to.deep.equal(['x.x.', false])
  })

  it('keep the link to a seed while only a part is here, so that more comes at once, and complete again', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4400')
    swarm.connect(leecher, seeder)
    await swarm.tick(5)
    expect([had(leecher), leecher.completed]).to.deep.equal(['xx..', 1])
    leecher.session.prioritize(wishes('4440'))
    expect(leecher.session.complete).to.equal(false)
    await swarm.tick(2)
    expect([had(leecher), leecher.completed]).to.deep.equal(['xxx.', 2])
    leecher.session.prioritize(wishes('4444'))
    await swarm.tick(2)
    expect([had(leecher), leecher.completed]).to.deep.equal(['xxxx', 3])
    expect(seeder.ends, 'seeds have nothing to say to each other').to.have.length(1)
  })

  it('leave a seed alone that closed us while nothing was wanted of it, and dial it at once when more is', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4400')
    const [link] = swarm.connect(leecher, seeder)
    leecher.book.offer([link.remote], true, swarm.now)
    await swarm.tick(5)
    expect(leecher.session.complete).to.equal(true)
    leecher.book.connected(link.remote)
    for (const one of swarm.links) one.close()
    await swarm.settle()
    expect(leecher.session.peers.liveCount).to.equal(0)
    expect(leecher.book.next(swarm.now + 60_000)).to.equal(null)
    leecher.session.prioritize(wishes('4440'))
    expect(leecher.book.next(swarm.now)).to.deep.equal(link.remote)
  })

  it('complete when the last missing piece is given up', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4444')
    leecher.session.prioritize(wishes('4440'))
    seeder.session.prioritize(wishes('0000'))
    swarm.connect(leecher, seeder)
    await swarm.tick(5)
    leecher.session.prioritize(wishes('4444'))
    for (const node of swarm.nodes) node.storage.fail = new NodeError('ERR_STORAGE_FULL', 'operator', 'full')
    leecher.session.prioritize(wishes('4440'))
    expect([had(leecher), leecher.completed]).to.deep.equal(['xxx.', 2])
  })

  it('give up a piece that is open, its requests and its memory', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4444')
    swarm.connect(leecher, seeder)
    while (leecher.session.book.count(PieceState.Open) < 2) for (const link of swarm.links) link.deliver(() => 0)
    const open = [...leecher.session.book.state.keys()].filter(i => leecher.session.book.state[i] === PieceState.Open)
    leecher.session.prioritize(leecher.session.book.priority.map((_, i) => (open.includes(i) ? 0 : 4)))
    expect(leecher.session.book.count(PieceState.Open)).to.be.at.most(2)
    for (const piece of open) expect(leecher.session.book.state[piece]).to.equal(PieceState.Skipped)
    swarm.check()
    await swarm.tick(5)
    for (const piece of open) expect(had(leecher).charAt(piece)).to.equal('.')
    expect(leecher.session.complete).to.equal(true)
    await leecher.session.close()
    expect(leecher.arena.unitsInUse).to.equal(0)
  })

  it('let a piece that is being written come to its end', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4000')
    let write: () => void = () => {}
    const writing = new Promise<void>(resolve => (write = resolve))
    leecher.storage.write = async (piece, data) => {
      await writing
      leecher.storage.content.set(data, piece * PIECE)
    }
    swarm.connect(leecher, seeder)
    await swarm.tick(3)
    expect(leecher.session.book.state[0]).to.equal(PieceState.Verifying)
    leecher.session.prioritize(wishes('0000'))
    swarm.check()
    expect(leecher.completed, 'it is not known yet what becomes of it').to.equal(0)
    write()
    await swarm.settle()
    expect([had(leecher), leecher.completed]).to.deep.equal(['x...', 1])
  })

  it('skip a piece that failed, or was lost, while nobody wanted it any more', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4400')
    seeder.storage.content[0]! ^= 1
    let write: () => void = () => {}
    const writing = new Promise<void>(resolve => (write = resolve))
    leecher.storage.write = async (piece, data) => {
      await writing
      leecher.storage.content.set(data, piece * PIECE)
    }
    swarm.connect(leecher, seeder)
    for (const link of swarm.links) link.deliver(() => 0)
    write()
    await swarm.tick(1)
    leecher.session.prioritize(wishes('0400'))
    await swarm.tick(5)
    expect([had(leecher), leecher.session.book.state[0]]).to.deep.equal(['.x..', PieceState.Skipped])
  })

  it('take what is on disk as had, wanted or not', async () => {
    const swarm = new SmallSwarm(4 * PIECE, PIECE)
    const node = await swarm.add(true)
    const other = await swarm.add(false)
    other.session.prioritize(wishes('0040'))
    node.session.prioritize(wishes('0040'))
    expect(had(node)).to.equal('xxxx')
    swarm.connect(other, node)
    await swarm.tick(3)
    expect(had(other)).to.equal('..x.')
    node.session.prioritize(wishes('4444'))
    expect([node.session.complete, node.completed], 'nothing has changed').to.deep.equal([true, 0])
  })

  it('bring pieces in the order of their priority', async () => {
    const { swarm, seeder, leecher } = await swarmOf('414707641')
    swarm.connect(leecher, seeder)
    await swarm.tick(5)
    const order = leecher.kept.map(piece => '414707641'.charAt(piece))
    expect(order.join('')).to.equal([...order].sort((a, b) => Number(b) - Number(a)).join(''))
    expect(had(leecher)).to.equal('xxxx.xxxx')
  })

  it('are heeded at once: a piece at the top is the next to be opened', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4'.repeat(60))
    swarm.connect(leecher, seeder)
    while (leecher.kept.length < 5) {
      for (const link of swarm.links) link.deliver(() => 0)
      for (let i = 0; i < 8; i++) await Promise.resolve()
    }
    const { book } = leecher.session
    const late = [...book.state.keys()].filter(piece => book.state[piece] === PieceState.Wanted).slice(-3)
    const open = book.count(PieceState.Open) + book.count(PieceState.Verifying)
    const before = leecher.kept.length
    leecher.session.prioritize(book.priority.map((wish, piece) => (late.includes(piece) ? 7 : wish)))
    await swarm.tick(5)
    for (const piece of late) expect(leecher.kept.indexOf(piece) - before).to.be.below(open + late.length)
  })

  it('are told by BEP 21: whether we want anything, at first and whenever that changes', async () => {
    const { swarm, seeder, leecher } = await swarmOf('4000')
    const [inward, outward] = swarm.pair('10.9.9.8')
    const speaker = new Stranger(outward, swarm)
    swarm.accept(inward, leecher)
    swarm.connect(leecher, seeder)
    await swarm.tick(5)
    leecher.session.prioritize(wishes('4400'))
    await swarm.settle()
    await swarm.tick(3)
    const said = speaker.messages
      .filter(({ id, body }) => id === 20 && body[0] === 0)
      .map(({ body }) => {
        const scanned = scanBencode(body.subarray(1), { maxBytes: 1000, maxDepth: 5, maxTokens: 100, lenient: true })
        return scanned instanceof NodeError ? null : scanned.integer(scanned.get(0, 'upload_only'))
      })
    expect(said).to.deep.equal([null, 1, 0, 1])
  })
})
