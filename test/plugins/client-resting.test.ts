import { expect } from 'chai'
import { endpointOf } from '../../core/base/address.js'
import { Bitfield } from '../../core/base/bitfield.js'
import { toHex } from '../../core/base/bytes.js'
import type { PeerLink, PeerSink } from '../../core/contracts/peer-transport.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { peerIdOf } from '../../core/protocol/ids.js'
import { writeHandshake } from '../../core/protocol/handshake.js'
import { decodeResume, encodeResume } from '../../core/torrent/resume.js'
import { ClientBed, Gate, PIECES, settled, torrent, torrentNamed } from './client-bed.js'

const { infoHash } = parseMetainfo(torrent)
const STATE = `/data/${toHex(infoHash)}.resume`

/** A bed in which a run before has left the torrent whole and clean, or lacking a piece. */
function leftBefore(options: { readonly whole: boolean }): ClientBed {
  const bed = new ClientBed()
  const flushed = new Bitfield(PIECES)
  flushed.fill()
  if (!options.whole) flushed.clear(2)
  const totals = { uploaded: 5, downloaded: 0, seedingMs: 0, complete: options.whole, moved: null }
  const state = { flushed, stamp: 'stamp', ...totals, clean: true }
  bed.saved.set(STATE, encodeResume(state, infoHash))
  return bed
}

/** A peer that calls, and says hello when it is told to. */
class Caller {
  sink: PeerSink | null = null
  closed = false
  written = 0
  readonly link: PeerLink = {
    remote: endpointOf(Uint8Array.of(10, 0, 0, 9), 9),
    inbound: true,
    sent: 0,
    open: sink => void (this.sink = sink),
    write: (head, body) => {
      this.written += head.length + (body?.length ?? 0)
      return true
    },
    pause: () => {},
    resume: () => {},
    close: () => void (this.closed = true),
  }

  hello(): void {
    const hello = new Uint8Array(68)
    writeHandshake(hello, 0, infoHash, peerIdOf(new Uint8Array(20).fill(3))!)
    this.sink?.onData(hello)
  }
}

async function seconds(bed: ClientBed, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    bed.now += 1000
    bed.tick()
    await settled()
  }
}

describe('client: a seed that nobody asks', () => {
  it('has no session until a peer comes, and serves that one', async () => {
    const bed = leftBefore({ whole: true })
    await bed.client.start()
    bed.client.ready()
    await bed.client.add({ torrent })
    await seconds(bed, 120)
    expect(bed.sessions).to.equal(0)
    expect(bed.client.snapshot().torrents[0]).to.include({ phase: 'running', have: PIECES, uploaded: 5, peers: 0 })
    const caller = new Caller()
    bed.accept(caller.link)
    caller.hello()
    await seconds(bed, 1)
    expect(bed.sessions).to.equal(1)
    expect(caller.closed).to.equal(false)
    expect(caller.written).to.be.at.least(68)
    expect(bed.client.snapshot().torrents[0]).to.include({ have: PIECES, peers: 1 })
    expect(bed.client.checkInvariants()).to.deep.equal([])
    await bed.client.stop()
  })

  it('rests half a minute after its last peer, and wakes for the next', async () => {
    const bed = leftBefore({ whole: true })
    await bed.client.start()
    bed.client.ready()
    await bed.client.add({ torrent })
    for (const made of [1, 1, 2]) {
      const caller = new Caller()
      bed.accept(caller.link)
      caller.hello()
      await seconds(bed, 5)
      caller.sink?.onClose(null)
      await seconds(bed, made === 1 && bed.now < 20_000 ? 20 : 40)
      expect(bed.sessions).to.equal(made)
    }
    expect(bed.client.snapshot().torrents[0]).to.include({ phase: 'running', have: PIECES, uploaded: 5, peers: 0 })
    await bed.client.stop()
  })

  it('is not written about when it stops as it was found', async () => {
    const bed = leftBefore({ whole: true })
    await bed.client.start()
    bed.client.ready()
    await bed.client.add({ torrent })
    const before = bed.saved.get(STATE)
    await seconds(bed, 10)
    await bed.client.stop()
    expect(bed.flushes).to.equal(0)
    expect(bed.saved.get(STATE)).to.equal(before)
  })

  it('is told from a torrent that lacks something, which keeps its session', async () => {
    const bed = leftBefore({ whole: false })
    await bed.client.start()
    bed.client.ready()
    await bed.client.add({ torrent })
    await seconds(bed, 120)
    expect(bed.sessions).to.equal(1)
    expect(bed.client.snapshot().torrents[0]).to.include({ phase: 'running', have: PIECES - 1 })
    await bed.client.stop()
    const saved = decodeResume(bed.saved.get(STATE) ?? new Uint8Array(0), infoHash, PIECES)
    expect(saved).to.include({ clean: true })
  })
})

describe('client: many torrents', () => {
  it('are opened side by side, but only so many at once', async () => {
    const bed = new ClientBed()
    await bed.client.start()
    bed.client.ready()
    bed.opening = new Gate()
    const added = Array.from({ length: 200 }, (_, i) => bed.client.add({ torrent: torrentNamed(`torrent ${i}`) }))
    await settled()
    expect(bed.storagesOpening).to.be.within(8, 32)
    bed.opening.open()
    await Promise.all(added)
    expect(bed.mostOpening).to.be.at.most(32)
    expect(bed.disks).to.have.length(200)
    await bed.client.stop()
  })
})
