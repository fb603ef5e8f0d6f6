import { expect } from 'chai'
import { endpointOf, formatEndpoint } from '../../core/base/address.js'
import { Bitfield } from '../../core/base/bitfield.js'
import type { PeerLink, PeerSink } from '../../core/contracts/peer-transport.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { peerIdOf } from '../../core/protocol/ids.js'
import { writeExtensionHandshake } from '../../core/protocol/extensions.js'
import { writeHandshake } from '../../core/protocol/handshake.js'
import { writeExtended } from '../../core/protocol/wire-writer.js'
import { ResumeStore } from '../../plugins/client/resume-store.js'
import { ClientBed, Gate, PIECES, settled, torrent } from './client-bed.js'

const aborted = AbortSignal.abort()

function caller(): { readonly link: PeerLink; sink: PeerSink | null; closed: boolean } {
  const call = {
    sink: null as PeerSink | null,
    closed: false,
    link: {
      remote: endpointOf(Uint8Array.of(10, 0, 0, 9), 9),
      inbound: true,
      sent: 0,
      open: (sink: PeerSink) => void (call.sink = sink),
      write: () => true,
      pause: () => {},
      resume: () => {},
      close: () => void (call.closed = true),
    },
  }
  return call
}

describe('client', () => {
  it('lets no peer in before it knows what is on disk', async () => {
    const bed = new ClientBed()
    await bed.client.start()
    bed.checking = new Gate()
    const added = bed.client.add({ torrent })
    await settled()
    expect(bed.phase).to.equal('checking')
    const hello = new Uint8Array(68)
    writeHandshake(hello, 0, parseMetainfo(torrent).infoHash, peerIdOf(new Uint8Array(20).fill(3))!)
    for (const [late, closed] of [
      [false, true],
      [true, false],
    ]) {
      if (late === true) {
        bed.checking.open()
        await added
      }
      const call = caller()
      bed.accept(call.link)
      call.sink?.onData(hello)
      expect(call.closed).to.equal(closed)
    }
    await bed.client.stop()
  })

  it('pauses a torrent that is being checked, and goes on with it later', async () => {
    const bed = new ClientBed()
    bed.checking = new Gate()
    const added = bed.client.add({ torrent })
    await settled()
    const paused = bed.client.pause(Buffer.from(parseMetainfo(torrent).infoHash).toString('hex'))
    bed.checking.open()
    await paused
    const hash = await added
    expect(bed.phase).to.equal('paused')
    expect(bed.disks[0]?.closed).to.equal(true)
    await bed.client.resume(hash)
    expect(bed.phase).to.equal('running')
    expect(bed.client.snapshot().torrents[0]?.have).to.equal(PIECES)
    expect(bed.events.filter(event => event.event === 'error')).to.deep.equal([])
    await bed.client.stop()
  })

  it('resumes a torrent that is still being paused once it is', async () => {
    const bed = new ClientBed()
    const hash = await bed.client.add({ torrent })
    bed.flushing = new Gate()
    const pausing = bed.client.pause(hash)
    const resuming = bed.client.resume(hash)
    await settled()
    expect(bed.disks).to.have.length(1)
    bed.flushing.open()
    await Promise.all([pausing, resuming])
    expect(bed.phase).to.equal('running')
    expect(bed.disks.map(disk => disk.closed)).to.deep.equal([true, false])
    await bed.client.stop()
  })

  it('keeps its state safe before the last goodbye, and gives all back when one fails', async () => {
    const bed = new ClientBed()
    await bed.client.add({ torrent })
    const gate = new Gate()
    bed.parting = () => gate.passed.then(() => Promise.reject(new Error('no')))
    const flushes = bed.flushes
    const draining = bed.client.drain(new AbortController().signal)
    await settled()
    expect(bed.flushes).to.be.greaterThan(flushes)
    expect(bed.disks[0]?.closed).to.equal(false)
    gate.open()
    await draining
    expect(bed.disks[0]?.closed).to.equal(true)
    await bed.client.stop()
  })

  it('opens nothing any more once it is told to stop', async () => {
    const bed = new ClientBed()
    await bed.client.drain(aborted)
    const refused = await bed.client.add({ torrent }).then(
      () => '',
      (error: unknown) => String(error),
    )
    expect(refused).to.contain('stopping')
    expect(bed.disks).to.have.length(0)
  })

  it('removes a torrent however its hash is written', async () => {
    const bed = new ClientBed()
    const hash = await bed.client.add({ torrent })
    await bed.client.remove(hash.toUpperCase())
    expect(bed.client.snapshot().torrents).to.have.length(0)
    await bed.client.add({ torrent })
    await bed.client.stop()
  })

  it('survives an observer that throws', async () => {
    const bed = new ClientBed()
    bed.client.observe(() => {
      throw new Error('observer')
    })
    await bed.client.add({ torrent })
    expect(bed.phase).to.equal('running')
    await bed.client.stop()
  })

  it('dials no more peers than the node may have', async () => {
    const bed = new ClientBed({ maxPeersInAll: 3 })
    bed.present = 0
    bed.client.ready()
    await bed.client.add({ torrent })
    bed.listener?.found(Array.from({ length: 20 }, (_, i) => endpointOf(Uint8Array.of(10, 0, 0, i + 1), 1000)))
    bed.tick()
    expect(bed.dials).to.have.length(3)
    await bed.client.stop()
  })

  it('does not dial a peer that came to it by itself', async () => {
    const bed = new ClientBed()
    bed.present = 0
    await bed.client.start()
    bed.client.ready()
    await bed.client.add({ torrent })
    const call = caller()
    bed.accept(call.link)
    const words = new Uint8Array(200)
    let end = writeHandshake(words, 0, parseMetainfo(torrent).infoHash, peerIdOf(new Uint8Array(20).fill(3))!)
    const said = { client: 'x', port: 1000, metadataSize: 0, yourIp: Uint8Array.of(10, 0, 0, 1) }
    end = writeExtended(words, end, 0, writeExtensionHandshake(said))
    call.sink?.onData(words.subarray(0, end))
    const [there, elsewhere, other] = [
      [9, 1000],
      [9, 1001],
      [8, 1000],
    ].map(([host = 0, port = 0]) => endpointOf(Uint8Array.of(10, 0, 0, host), port))
    bed.listener?.found([there!, elsewhere!, other!])
    bed.tick()
    expect(bed.dials.map(formatEndpoint)).to.have.members(['10.0.0.9:1001', '10.0.0.8:1000'])
    await bed.client.stop()
  })

  it('has one state waiting on a slow disk, however often one was due', async () => {
    const bed = new ClientBed()
    const { infoHash } = parseMetainfo(torrent)
    const gate = new Gate()
    let flushes = 0
    const disk = {
      flush: () => (flushes++, gate.passed),
      stamp: () => Promise.resolve(''),
      read: () => {},
      write: () => Promise.resolve(),
      present: () => Promise.resolve(new Uint8Array(1)),
      close: () => Promise.resolve(),
    }
    const store = new ResumeStore(bed.files, () => {}, '/data', infoHash)
    const have = new Bitfield(PIECES)
    const due = []
    for (let i = 0; i < 9; i++) {
      due.push(
        store.checkpoint(disk, have, { uploaded: 0, downloaded: 0, seedingMs: 0, complete: false, moved: null }, false),
      )
      await settled()
    }
    have.set(2)
    gate.open()
    await Promise.all(due)
    expect(flushes).to.equal(2)
    const saved = await store.load(PIECES)
    expect(saved.resume?.flushed.has(2)).to.equal(true)
  })
})
