import { expect } from 'chai'
import { readU32 } from '../../../core/base/bytes.js'
import { NodeError } from '../../../core/base/errors.js'
import * as write from '../../../core/protocol/wire-writer.js'
import { CloseReason } from '../../../core/torrent/close-reason.js'
import { SmallSwarm } from './small-swarm.js'
import { Stranger } from './stranger.js'

const KiB = 1024

async function seederAndStranger(): Promise<{ swarm: SmallSwarm; stranger: Stranger; ends: readonly CloseReason[] }> {
  const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
  const seeder = await swarm.add(true)
  const [near, far] = swarm.pair('10.1.0.1')
  swarm.accept(near, seeder)
  const stranger = new Stranger(far, swarm)
  await swarm.settle()
  return { swarm, stranger, ends: seeder.ends }
}

describe('hostile peers', () => {
  it('bans the sole sender of a bad piece, and the download completes from another', async () => {
    const swarm = new SmallSwarm(32 * 64 * KiB, 64 * KiB)
    const honest = await swarm.add(true)
    const liar = await swarm.add(true)
    liar.storage.content.fill(0)
    const leecher = await swarm.add(false)
    swarm.connect(leecher, liar)
    await swarm.settle()
    swarm.connect(leecher, honest)
    await swarm.tick(20)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
    expect(leecher.session.trust.bannedCount).to.equal(1)
    expect(liar.session.peers.liveCount).to.equal(0)
  })

  it('finds the liar among several senders of one piece and leaves the honest ones alone', async () => {
    const swarm = new SmallSwarm(24 * 512 * KiB, 512 * KiB)
    const seeders = [await swarm.add(true), await swarm.add(true), await swarm.add(true), await swarm.add(true)]
    // One block in eight is wrong.
    for (let at = 0; at < swarm.content.length; at += 128 * KiB) seeders[1]!.storage.content[at]! ^= 1
    const leecher = await swarm.add(false, { bufferBytes: 2100 * KiB })
    for (const seeder of seeders) swarm.connect(leecher, seeder)
    await swarm.tick(40)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
    expect(leecher.session.trust.bannedCount).to.equal(1)
  })

  it('does not let a banned peer back in', async () => {
    const swarm = new SmallSwarm(8 * 64 * KiB, 64 * KiB)
    const liar = await swarm.add(true)
    liar.storage.content.fill(0)
    const leecher = await swarm.add(false)
    swarm.connect(leecher, liar)
    await swarm.tick(2)
    swarm.connect(leecher, liar)
    await swarm.tick(2)
    expect(leecher.session.peers.liveCount).to.equal(0)
    expect(leecher.kept).to.deep.equal([])
  })

  it('takes back what a peer owes that has stopped sending, and asks another', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    const silent = await swarm.add(true)
    const leecher = await swarm.add(false)
    const [, incoming] = swarm.connect(leecher, silent)
    for (let i = 0; i < 6; i++) for (const link of swarm.links) link.deliver(() => 0.5)
    incoming.pause()
    const honest = await swarm.add(true)
    swarm.connect(leecher, honest)
    await swarm.tick(30)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
  })

  it('asks again for what a peer took along when it went', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    const first = await swarm.add(true)
    const leecher = await swarm.add(false)
    const [out] = swarm.connect(leecher, first)
    for (let i = 0; i < 5; i++) for (const link of swarm.links) link.deliver(() => 0.1)
    out.close()
    const second = await swarm.add(true)
    swarm.connect(leecher, second)
    await swarm.tick(10)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
  })

  it('closes an encrypted first try in the same turn and answers nothing', async () => {
    const swarm = new SmallSwarm(64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    const [near, far] = swarm.pair('10.1.0.1')
    swarm.accept(near, seeder)
    far.write(Uint8Array.of(200, 1, 2, 3))
    near.deliver(() => 0.9)
    expect(near.closed).to.equal(true)
    expect(near.sent).to.equal(0)
    await swarm.settle()
    expect(seeder.ends).to.deep.equal([CloseReason.NotPlain])
  })

  it('closes who asks for a torrent it has not, and answers nothing', async () => {
    const swarm = new SmallSwarm(64 * KiB, 64 * KiB)
    const other = new SmallSwarm(64 * KiB, 64 * KiB)
    other.infoHash.fill(1)
    const seeder = await swarm.add(true)
    const [near, far] = swarm.pair('10.1.0.1')
    swarm.accept(near, seeder)
    new Stranger(far, other)
    await swarm.settle()
    expect(near.sent).to.equal(0)
    expect(seeder.ends).to.deep.equal([CloseReason.UnknownTorrent])
  })

  it('notices that it has dialled itself', async () => {
    const swarm = new SmallSwarm(64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    swarm.connect(seeder, seeder)
    await swarm.settle()
    expect(seeder.session.peers.liveCount).to.equal(0)
    expect(seeder.ends).to.include(CloseReason.Self)
  })

  it('gives up a handshake after ten seconds', async () => {
    const swarm = new SmallSwarm(64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    const [near, far] = swarm.pair('10.1.0.1')
    const session = swarm.accept(near, seeder)
    far.write(Uint8Array.of(19))
    await swarm.settle()
    session.tick(10_000)
    expect(near.closed).to.equal(false)
    session.tick(10_001)
    expect(near.closed).to.equal(true)
  })

  for (const [title, words, reason] of [
    ['a frame of 2^32 - 1 bytes', (s: Stranger) => s.bytes(255, 255, 255, 255, 7), CloseReason.Protocol],
    [
      'a have beyond the last piece',
      (s: Stranger) => s.say((out, at) => write.writeHave(out, at, 16)),
      CloseReason.BadIndex,
    ],
    [
      'a short bitfield',
      (s: Stranger) => s.say((out, at) => write.writeBitfield(out, at, Uint8Array.of(1))),
      CloseReason.Protocol,
    ],
    [
      'a second bitfield of the wrong length',
      (s: Stranger) => {
        s.say((out, at) => write.writeBitfield(out, at, Uint8Array.of(1, 0)))
        s.say((out, at) => write.writeBitfield(out, at, Uint8Array.of(1)))
      },
      CloseReason.Protocol,
    ],
    [
      '301 senseless requests',
      (s: Stranger) => {
        for (let i = 0; i < 301; i++) s.say((out, at) => write.writeRequest(out, at, 3, 0xffffffff, 16384))
      },
      CloseReason.BadRequests,
    ],
  ] as const) {
    it(`closes after ${title}`, async () => {
      const { swarm, stranger, ends } = await seederAndStranger()
      words(stranger)
      await swarm.settle()
      expect(ends).to.deep.equal([reason])
      expect(stranger.closed).to.equal(true)
    })
  }

  it('takes a second bitfield for the haves it stands for', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    const leecher = await swarm.add(false)
    const [near, far] = swarm.pair('10.1.0.1')
    swarm.accept(near, leecher)
    const stranger = new Stranger(far, swarm)
    for (const bits of [
      [0x80, 0],
      [0xc0, 0x01],
      [0x40, 0],
    ]) {
      stranger.say((out, at) => write.writeBitfield(out, at, Uint8Array.from(bits)))
    }
    await swarm.settle()
    expect(leecher.ends).to.deep.equal([])
    const { count } = leecher.session.availability
    expect([...count]).to.deep.equal([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    far.close()
    await swarm.settle()
    expect(Math.max(...count)).to.equal(0)
  })

  for (const [title, piece, begin, length] of [
    ['beyond the end of the piece', 0, 64 * KiB - 1, 2],
    ['whose end wraps round', 0, 0xffff_ffff, 16384],
    ['of nothing', 0, 0, 0],
    ['of more than 128 KiB', 0, 0, 128 * KiB + 1],
    ['of a piece there is not', 16, 0, 16384],
  ] as const) {
    it(`refuses a request ${title} and sends no data`, async () => {
      const { swarm, stranger } = await seederAndStranger()
      stranger.say(write.writeInterested)
      stranger.say((out, at) => write.writeRequest(out, at, piece, begin, length))
      await swarm.settle()
      const ids = stranger.messages.map(message => message.id)
      expect(ids).to.include(16)
      expect(ids).not.to.include(7)
    })
  }

  it('refuses what is asked while choked, but for the allowed-fast pieces', async () => {
    const { swarm, stranger } = await seederAndStranger()
    const allowed = stranger.messages.filter(message => message.id === 17).map(message => readU32(message.body, 0))
    expect(allowed).to.have.length(10)
    const refused = [...Array(16).keys()].find(piece => !allowed.includes(piece))!
    stranger.say((out, at) => write.writeRequest(out, at, refused, 0, 16384))
    stranger.say((out, at) => write.writeRequest(out, at, allowed[0]!, 0, 16384))
    await swarm.settle()
    const sent = stranger.messages.filter(message => message.id === 7).map(message => readU32(message.body, 0))
    expect(sent).to.deep.equal([allowed[0]])
    expect(
      stranger.messages.filter(message => message.id === 16).map(message => readU32(message.body, 0)),
    ).to.deep.equal([refused])
  })

  it('lets 2,000 requests wait and refuses the rest, for a peer that does not read', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    const [near, far] = swarm.pair('10.1.0.1')
    const write_ = near.write.bind(near)
    let blocks = 0
    near.write = (head, body) => {
      write_(head, body)
      if (body !== undefined) blocks++
      return blocks < 4
    }
    swarm.accept(near, seeder)
    const stranger = new Stranger(far, swarm)
    stranger.say(write.writeInterested)
    await swarm.settle()
    for (let i = 0; i < 3_000; i++) stranger.say((out, at) => write.writeRequest(out, at, i % 16, 0, 16384))
    await swarm.settle()
    expect(blocks).to.equal(4)
    expect(stranger.messages.filter(message => message.id === 16)).to.have.length.within(
      3_000 - 2_000 - 4,
      3_000 - 2_000,
    )
  })

  /** A peer that has asked for much, and reads none of it. */
  async function deaf(over: { readonly bufferBytes?: number } = {}) {
    const swarm = new SmallSwarm(64 * 64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true, over)
    const [near, far] = swarm.pair('10.1.0.1')
    swarm.accept(near, seeder)
    const stranger = new Stranger(far, swarm)
    await swarm.settle()
    stranger.say(write.writeInterested)
    await swarm.settle()
    near.deaf = true
    const ask = async (): Promise<void> => {
      for (let piece = 0; piece < 64; piece++)
        for (let k = 0; k < 4; k++)
          stranger.say((out, at) => write.writeRequest(out, at, piece, k * 16 * KiB, 16 * KiB))
      await swarm.settle()
    }
    await ask()
    return { swarm, seeder, near, far, stranger, ask }
  }

  it('hands a peer that does not read what its link holds and no more, whatever it asks', async () => {
    const { near, ask, swarm, stranger } = await deaf()
    expect(near.held).to.be.above(500 * KiB)
    for (let i = 0; i < 50; i++) await ask()
    await swarm.tick(60)
    // The window, the block that overran it, and refusals of what was asked beyond reqq.
    expect(near.held).to.be.below(1024 * KiB)
    stranger.bytes(0, 0, 0, 0)
    await swarm.tick(60)
    expect(near.held).to.be.below(1024 * KiB)
  })

  it('lets a peer go that has read nothing for five minutes, though it speaks', async () => {
    const { swarm, seeder, stranger } = await deaf()
    const speak = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds; i += 10) {
        stranger.bytes(0, 0, 0, 0)
        await swarm.tick(10)
      }
    }
    await speak(290)
    expect(seeder.ends).to.deep.equal([])
    await speak(30)
    expect(seeder.ends).to.deep.equal([CloseReason.Deaf])
  })

  it('lets it go within half a minute where it holds the memory that another waits for', async () => {
    const { swarm, seeder } = await deaf({ bufferBytes: 512 * KiB })
    const [near, far] = swarm.pair('10.1.0.2')
    swarm.accept(near, seeder)
    const other = new Stranger(far, swarm, 78)
    await swarm.settle()
    other.say(write.writeInterested)
    other.say((out, at) => write.writeRequest(out, at, 63, 0, 16 * KiB))
    await swarm.tick(20)
    expect(other.messages.filter(message => message.id === 7)).to.have.length(0)
    await swarm.tick(20)
    expect(seeder.ends).to.deep.equal([CloseReason.Deaf])
    expect(other.messages.filter(message => message.id === 7)).to.have.length(1)
  })

  it('tells a peer that does not read of new pieces once it reads again, and holds no message for each till then', async () => {
    const swarm = new SmallSwarm(64 * 64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    const leecher = await swarm.add(false)
    const [near, far] = swarm.pair('10.1.0.1')
    swarm.accept(near, leecher)
    const stranger = new Stranger(far, swarm)
    await swarm.settle()
    near.deaf = true
    near.write(new Uint8Array(20 * KiB))
    const session = [...leecher.session.peers][0]
    expect(session).to.not.equal(undefined)
    const held = near.held
    Object.defineProperty(near, 'sent', { configurable: true, writable: true, value: near.sent - 20 * KiB })
    swarm.connect(leecher, seeder)
    await swarm.tick(10)
    expect(leecher.kept).to.have.length(64)
    expect(near.held).to.be.below(held + 200)
    near.deaf = false
    near.sent += 20 * KiB + (near.held - held)
    await swarm.tick(1)
    const told = stranger.messages.filter(message => message.id === 4).map(message => readU32(message.body, 0))
    expect(told.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 64 }, (_, i) => i))
  })

  it('does not keep blocks that nobody asked for', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    const leecher = await swarm.add(false)
    const [near, far] = swarm.pair('10.1.0.1')
    swarm.accept(near, leecher)
    const stranger = new Stranger(far, swarm)
    await swarm.settle()
    for (let i = 0; i < 520; i++) {
      stranger.say((out, at) => write.writePieceHeader(out, at, i % 16, 0, 16384) + 16384)
    }
    await swarm.settle()
    expect(leecher.storage.writes).to.equal(0)
    expect(leecher.ends).to.deep.equal([CloseReason.Unrequested])
  })

  it('answers requests for metadata twice over and no more', async () => {
    const { swarm, stranger } = await seederAndStranger()
    const handshake = Buffer.from('d1:md11:ut_metadatai9eee')
    stranger.say((out, at) => write.writeExtended(out, at, 0, handshake))
    const ask = Buffer.from('d8:msg_typei0e5:piecei0ee')
    for (let i = 0; i < 100; i++) stranger.say((out, at) => write.writeExtended(out, at, 1, ask))
    await swarm.settle()
    const answers = stranger.messages.filter(message => message.id === 20 && message.body[0] === 9)
    expect(answers).to.have.length(100)
    expect(answers.filter(message => Buffer.from(message.body).includes('msg_typei1e'))).to.have.length(10)
  })

  it('withdraws a piece that can no longer be read and fetches it again', async () => {
    const swarm = new SmallSwarm(16 * 64 * KiB, 64 * KiB)
    const other = await swarm.add(true)
    const damaged = await swarm.add(true)
    const leecher = await swarm.add(false)
    const read = damaged.storage.read.bind(damaged.storage)
    let broken = true
    damaged.storage.read = job => {
      if (job.piece === 3 && broken) queueMicrotask(() => job.done(new NodeError('ERR_STORAGE_IO', 'operator', 'EIO')))
      else read(job)
    }
    swarm.connect(leecher, damaged)
    await swarm.settle()
    expect(leecher.kept).to.have.length(15)
    broken = false
    swarm.connect(damaged, other)
    await swarm.tick(70)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
  })
})
