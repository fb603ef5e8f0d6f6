import { expect } from 'chai'
import { endpointOf } from '../../../core/base/address.js'
import { NodeError } from '../../../core/base/errors.js'
import { CloseReason } from '../../../core/torrent/close-reason.js'
import { PeerBook } from '../../../core/torrent/peer-book.js'
import { readU32 } from '../../../core/base/bytes.js'
import { NONE, PieceState } from '../../../core/contracts/piece-selector.js'
import * as write from '../../../core/protocol/wire-writer.js'
import { PeerFlag } from '../../../core/torrent/peer-table.js'
import type { SessionParts } from '../../../core/torrent/session-parts.js'
import { SmallSwarm, type Node } from './small-swarm.js'
import { Stranger } from './stranger.js'

const KiB = 1024
const REQUEST = 6

function requests(stranger: Stranger): readonly { readonly piece: number; readonly begin: number }[] {
  return stranger.messages
    .filter(message => message.id === REQUEST)
    .map(message => ({ piece: readU32(message.body, 0), begin: readU32(message.body, 4) }))
}

type Words = (out: Uint8Array, at: number) => number

/** A seed that does only what the test says; where nothing else is said it has all and unchokes us. */
async function stranger(swarm: SmallSwarm, leecher: Node, ...words: readonly Words[]): Promise<Stranger> {
  const n = swarm.links.length
  const [near, far] = swarm.pair(`10.1.0.${n}`)
  swarm.accept(near, leecher)
  const made = new Stranger(far, swarm, 100 + n)
  for (const word of words.length > 0 ? words : [write.writeHaveAll, write.writeUnchoke]) made.say(word)
  await swarm.settle()
  return made
}

async function leecherOf(
  pieces: number,
  options: Partial<SessionParts> & { readonly bufferBytes?: number } = {},
): Promise<{ swarm: SmallSwarm; leecher: Node }> {
  const swarm = new SmallSwarm(pieces * 64 * KiB, 64 * KiB)
  return { swarm, leecher: await swarm.add(false, options) }
}

describe('regression: scheduler', () => {
  it('a refusal beyond the end of a piece is not taken for one of another piece', async () => {
    const { swarm, leecher } = await leecherOf(16)
    const seed = await stranger(swarm, leecher)
    const asked = requests(seed).find(request => request.piece > 0)!
    seed.say((out, at) => write.writeReject(out, at, 0, asked.piece * 64 * KiB + asked.begin, 16 * KiB))
    await swarm.settle()
    seed.say((out, at) => write.writePieceHeader(out, at, 0, asked.piece * 64 * KiB + asked.begin, 16 * KiB) + 16 * KiB)
    await swarm.settle()
    expect(leecher.session.scheduler.outstanding(0)).to.equal(requests(seed).length)
  })

  it('a block of another length than asked answers nothing, so that it is not asked again at once', async () => {
    const { swarm, leecher } = await leecherOf(16)
    const seed = await stranger(swarm, leecher)
    const first = requests(seed)
    for (const { piece, begin } of first) seed.say((out, at) => write.writePieceHeader(out, at, piece, begin, 1) + 1)
    await swarm.settle()
    expect(requests(seed)).to.have.length(first.length)
  })

  it('a peer that refuses a piece stays as interesting as it is, and no longer', async () => {
    const { swarm, leecher } = await leecherOf(4)
    const seed = await stranger(
      swarm,
      leecher,
      (out, at) => write.writeBitfield(out, at, Uint8Array.of(0xe0)),
      write.writeUnchoke,
    )
    for (const { piece, begin } of requests(seed))
      seed.say((out, at) => write.writeReject(out, at, piece, begin, 16 * KiB))
    await swarm.settle()
    swarm.connect(leecher, await swarm.add(true))
    await swarm.tick(3)
    expect(leecher.completed).to.equal(1)
    // Interested, then not.
    expect(seed.messages.map(message => message.id).filter(id => id === 2 || id === 3)).to.deep.equal([2, 3])
  })

  it('refusals of a peer do not count against the selector', async () => {
    const { swarm, leecher } = await leecherOf(64, {
      selector: {
        name: 'by-bits',
        options: {},
        factory: {
          create: view => ({
            pick: peer => {
              const { pieceCount } = view.geometry
              for (let i = 0; i < pieceCount; i++)
                if (peer.seed && view.state[i] === PieceState.Wanted) return view.geometry.piece(i)
              return NONE
            },
          }),
        },
      },
    })
    const seed = await stranger(swarm, leecher)
    for (let second = 0, seen = 0; second < 20; second++) {
      const now = requests(seed)
      for (const { piece, begin } of now.slice(seen))
        seed.say((out, at) => write.writeReject(out, at, piece, begin, 16 * KiB))
      seen = now.length
      await swarm.tick()
    }
    expect(leecher.warnings).to.deep.equal([])
  })

  it('the last piece is not left to two peers that stand still', async () => {
    const swarm = new SmallSwarm(16 * KiB, 16 * KiB)
    const leecher = await swarm.add(false)
    await stranger(swarm, leecher)
    await stranger(swarm, leecher)
    swarm.connect(leecher, await swarm.add(true))
    await swarm.tick(70)
    expect(leecher.completed).to.equal(1)
  })

  for (const fault of ['stands still', 'refuses', 'chokes'] as const) {
    it(`a peer on parole that ${fault} does not keep a piece from the others`, async () => {
      const { swarm, leecher } = await leecherOf(2)
      const seed = await stranger(swarm, leecher, write.writeHaveAll)
      const [peer] = leecher.session.peers
      leecher.session.peers.set(peer!.slot, PeerFlag.Parole, true)
      seed.say(write.writeUnchoke)
      swarm.connect(leecher, await swarm.add(true))
      await swarm.settle()
      for (let second = 0, seen = 0; second < 60; second++) {
        if (fault === 'chokes') seed.say(write.writeChoke)
        const now = requests(seed)
        if (fault !== 'stands still')
          for (const { piece, begin } of now.slice(seen))
            seed.say((out, at) => write.writeReject(out, at, piece, begin, 16 * KiB))
        seen = now.length
        await swarm.tick()
      }
      expect(requests(seed)).not.to.have.length(0)
      expect(leecher.completed).to.equal(1)
    })
  }

  it('a piece that others began does not wait for them when only peers on parole are left', async () => {
    const { swarm, leecher } = await leecherOf(1)
    const seed = await stranger(swarm, leecher)
    const { piece, begin } = requests(seed)[0]!
    seed.say((out, at) => write.writePieceHeader(out, at, piece, begin, 16 * KiB) + 16 * KiB)
    await swarm.settle()
    const suspect = await stranger(swarm, leecher, write.writeHaveAll)
    leecher.session.peers.set([...leecher.session.peers][1]!.slot, PeerFlag.Parole, true)
    suspect.say(write.writeUnchoke)
    await swarm.settle()
    swarm.links[0]!.close()
    await swarm.tick(2)
    expect(requests(suspect)).to.have.length(4)
  })

  it('a peer that asks without end while choked, and reads no refusal, is closed', async () => {
    const swarm = new SmallSwarm(64 * 64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    const [near, far] = swarm.pair('10.1.0.1')
    const write_ = near.write.bind(near)
    near.write = (head, body) => {
      write_(head, body)
      return false
    }
    swarm.accept(near, seeder)
    const flood = new Stranger(far, swarm)
    await swarm.settle()
    for (let i = 0; i < 12_000; i++) flood.say((out, at) => write.writeRequest(out, at, 63, 0, 16 * KiB))
    await swarm.settle()
    expect(seeder.ends).to.deep.equal([CloseReason.Flood])
    expect(flood.messages.filter(message => message.id === 16)).to.have.length.below(8_100)
  })

  it('a peer is not asked for more at once than it says it takes', async () => {
    const { swarm, leecher } = await leecherOf(16)
    const seed = await stranger(swarm, leecher, write.writeHaveAll, (out, at) =>
      write.writeExtended(out, at, 0, Buffer.from('d4:reqqi3ee')),
    )
    seed.say(write.writeUnchoke)
    await swarm.settle()
    expect(requests(seed)).to.have.length(3)
  })

  it('a torrent that begins long after the clock did does not take its first peers for idle', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    swarm.now = 10_000_000
    const leecher = await swarm.add(false)
    await stranger(swarm, leecher)
    await swarm.tick()
    expect(leecher.session.peers.is(0, PeerFlag.Snubbing)).to.equal(false)
  })

  it('the answer to a cancel is not taken for a refusal of what was asked again', async () => {
    const { swarm, leecher } = await leecherOf(16)
    const idler = await stranger(swarm, leecher)
    await swarm.tick(62)
    expect(leecher.session.peers.is(0, PeerFlag.Snubbing)).to.equal(true)
    const asked = requests(idler)
    const again = leecher.session.scheduler.outstanding(0)
    expect(again).to.be.greaterThan(0)
    for (const { piece, begin } of asked.slice(0, -again))
      idler.say((out, at) => write.writeReject(out, at, piece, begin, 16 * KiB))
    await swarm.settle()
    expect(leecher.session.scheduler.outstanding(0)).to.equal(again)
    expect(requests(idler)).to.have.length(asked.length)
    for (const { piece, begin } of asked.slice(-again))
      idler.say((out, at) => write.writeReject(out, at, piece, begin, 16 * KiB))
    await swarm.settle()
    expect(requests(idler).length).to.be.greaterThan(asked.length)
  })

  it('what waits for room on a full disk is given up when the torrent is closed', async () => {
    const { swarm, leecher } = await leecherOf(4)
    leecher.storage.fail = new NodeError('ERR_STORAGE_FULL', 'operator', 'full')
    swarm.connect(leecher, await swarm.add(true))
    await swarm.tick(2)
    await leecher.session.close()
    expect(leecher.session.checkInvariants()).to.deep.equal([])
    expect(leecher.arena.unitsInUse).to.equal(0)
  })

  it('two seeds that know each other by name do not call each other all the time', () => {
    const book = new PeerBook(() => 0)
    const at = endpointOf(Uint8Array.of(10, 0, 0, 1), 1000)
    book.offer([at], true, 0)
    expect(book.next(0)).to.equal(at)
    book.connected(at)
    book.done(at, 10, CloseReason.BothSeeds)
    expect(book.next(60_000)).to.equal(null)
  })
})
