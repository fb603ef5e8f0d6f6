import { expect } from 'chai'
import { endpointOf } from '../../core/base/address.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { peerIdOf } from '../../core/protocol/ids.js'
import { writeHandshake } from '../../core/protocol/handshake.js'
import type { PeerSink } from '../../core/contracts/peer-transport.js'
import { config } from '../../plugins/client/config.js'
import { ClientBed, settled, torrentNamed } from './client-bed.js'

const queueOf = (queue: object) => config.parse({ queue }).queue

async function bedOf(options: ConstructorParameters<typeof ClientBed>[0], present: number): Promise<ClientBed> {
  const bed = new ClientBed(options)
  bed.present = present
  await bed.client.start()
  bed.client.ready()
  return bed
}

const addAll = (bed: ClientBed, names: string): Promise<string[]> =>
  Promise.all([...names].map(name => bed.client.add({ torrent: torrentNamed(name) })))

/** Letters of those at work, in the order of the queue. */
const atWork = (bed: ClientBed): string =>
  bed.client
    .snapshot()
    .torrents.filter(({ phase }) => phase === 'running')
    .map(({ name }) => name)
    .join('')

describe('client: queue', () => {
  it('has all at work where it is not limited', async () => {
    const bed = await bedOf({}, 0)
    await addAll(bed, 'abcd')
    expect(atWork(bed)).to.equal('abcd')
    await bed.client.stop()
  })

  it('downloads the first so many; the others hold nothing open and let no peer in', async () => {
    const bed = await bedOf({ queue: queueOf({ downloads: 2 }) }, 0)
    await addAll(bed, 'abcd')
    expect(bed.phases).to.deep.equal({ a: 'running', b: 'running', c: 'queued', d: 'queued' })
    expect(bed.disks).to.have.length(2)
    expect(bed.events.filter(({ event }) => event === 'state').map(({ name, phase }) => [name, phase])).to.deep.equal([
      ['c', 'queued'],
      ['d', 'queued'],
    ])
    for (const [name, closed] of [
      ['b', false],
      ['c', true],
    ] as const) {
      const call = { sink: null as PeerSink | null, closed: false }
      bed.accept({
        remote: endpointOf(Uint8Array.of(10, 0, 0, 9), 9),
        inbound: true,
        sent: 0,
        open: sink => void (call.sink = sink),
        write: () => true,
        pause: () => {},
        resume: () => {},
        close: () => void (call.closed = true),
      })
      const hello = new Uint8Array(68)
      writeHandshake(hello, 0, parseMetainfo(torrentNamed(name)).infoHash, peerIdOf(new Uint8Array(20).fill(3))!)
      call.sink?.onData(hello)
      expect(call.closed, name).to.equal(closed)
    }
    await bed.client.stop()
  })

  it('gives the place of what is paused, removed or failed to the next, and takes one back from the last', async () => {
    const bed = await bedOf({ queue: queueOf({ downloads: 2 }) }, 0)
    const [a, b, c] = await addAll(bed, 'abcde')
    await bed.client.pause(a!)
    await settled()
    expect(atWork(bed)).to.equal('bc')
    await bed.client.remove(b!)
    await settled()
    expect(atWork(bed)).to.equal('cd')
    await bed.client.resume(a!)
    await settled()
    expect(atWork(bed)).to.equal('ac')
    bed.saved.set(`/data/${c!}.lock`, new Uint8Array(0))
    await bed.client.pause(c!)
    bed.saved.set(`/data/${c!}.lock`, new Uint8Array(0))
    await bed.client.resume(c!).catch(() => {})
    await settled()
    expect(bed.phases['c']).to.equal('failed')
    expect(atWork(bed)).to.equal('ad')
    await bed.client.stop()
  })

  it('works in the order it is told', async () => {
    const bed = await bedOf({ queue: queueOf({ downloads: 1 }) }, 0)
    const [a, , c] = await addAll(bed, 'abc')
    bed.client.enqueue(c!, 0)
    await settled()
    expect(bed.client.snapshot().torrents.map(({ name, place }) => [name, place])).to.deep.equal([
      ['c', 0],
      ['a', 1],
      ['b', 2],
    ])
    expect(atWork(bed)).to.equal('c')
    bed.client.enqueue(c!, 99)
    await settled()
    expect(atWork(bed)).to.equal('a')
    expect(bed.disks.filter(disk => !disk.closed)).to.have.length(1)
    expect(() => bed.client.enqueue('f'.repeat(40), 0)).to.throw('no torrent')
    expect(a).to.be.a('string')
    await bed.client.stop()
  })

  it('puts a download that stands still behind those that wait, and not where nobody waits', async () => {
    const bed = await bedOf({ queue: queueOf({ downloads: 1, stalledMinutes: 10 }) }, 0)
    await addAll(bed, 'ab')
    await bed.passes(9.9)
    expect(atWork(bed)).to.equal('a')
    await bed.passes(0.2)
    expect(atWork(bed)).to.equal('b')
    await bed.passes(10)
    expect(atWork(bed)).to.equal('a')
    await bed.client.stop()
    const alone = await bedOf({ queue: queueOf({ downloads: 1, stalledMinutes: 10 }) }, 0)
    await addAll(alone, 'a')
    await alone.passes(30)
    expect(alone.disks).to.have.length(1)
    await alone.client.stop()
  })

  it('lets seeds have their turns, beside the downloads', async () => {
    const bed = await bedOf({ queue: queueOf({ seeds: 2, turnMinutes: 30 }) }, 0xf0)
    await addAll(bed, 'abc')
    await settled()
    expect(atWork(bed)).to.equal('ab')
    const turns = [atWork(bed)]
    for (let i = 0; i < 4; i++) {
      await bed.passes(30)
      turns.push([...atWork(bed)].sort().join(''))
    }
    for (const name of 'abc') expect(turns.join('').split(name).length - 1, name).to.be.within(3, 4)
    bed.present = 0
    await addAll(bed, 'xy')
    await settled()
    expect([...atWork(bed)].sort().join('')).to.match(/^(ab|ac|bc)xy$/)
    await bed.client.stop()
  })
})

describe('client: seeding enough', () => {
  it('ends after so many minutes, those of earlier runs among them', async () => {
    const options = { seedGoal: { minutes: 30 } }
    const bed = await bedOf(options, 0xf0)
    const [hash] = await addAll(bed, 'a')
    await bed.passes(20)
    expect(bed.client.snapshot().torrents[0]).to.include({ phase: 'running', seedingMs: 20 * 60_000 })
    await bed.client.stop()
    const second = new ClientBed(options, bed.saved)
    second.client.ready()
    await addAll(second, 'a')
    await second.passes(9.9)
    expect(second.phase).to.equal('running')
    await second.passes(0.2)
    expect(second.phase).to.equal('finished')
    expect(second.disks.map(disk => disk.closed)).to.deep.equal([true])
    expect(second.events.at(-1)).to.include({ event: 'state', phase: 'finished' })
    await second.client.stop()

    const third = new ClientBed(options, bed.saved)
    third.client.ready()
    await addAll(third, 'a')
    expect(third.phase).to.equal('finished')
    expect(third.disks, 'nothing was opened to know that').to.have.length(0)
    await third.client.resume(hash!)
    await third.passes(60)
    expect(third.phase, 'whoever resumes it wants it seeded on').to.equal('running')
    third.client.setSeedGoal(hash!, { minutes: 1 })
    await settled()
    expect(third.phase).to.equal('finished')
    third.client.setSeedGoal(hash!, { minutes: 1000 })
    await settled()
    expect(third.phase).to.equal('running')
    await third.client.stop()
  })

  it('is judged by each torrent its own, does not count a download, and gives its place on', async () => {
    const bed = await bedOf({ seedGoal: { minutes: 10 }, queue: queueOf({ seeds: 1 }) }, 0xf0)
    await bed.client.add({ torrent: torrentNamed('a') }, { seedGoal: { minutes: 5 } })
    await bed.client.add({ torrent: torrentNamed('b') }, { seedGoal: {} })
    await bed.client.add({ torrent: torrentNamed('c') })
    await bed.passes(5.1)
    expect(bed.phases).to.deep.equal({ a: 'finished', b: 'running', c: 'queued' })
    await bed.passes(60)
    expect(bed.phases).to.deep.equal({ a: 'finished', b: 'running', c: 'finished' })
    await bed.client.stop()
    const leecher = await bedOf({ seedGoal: { minutes: 1, ratio: 0 } }, 0)
    await addAll(leecher, 'a')
    await leecher.passes(5)
    expect(leecher.client.snapshot().torrents[0]).to.include({ phase: 'running', seedingMs: 0 })
    await leecher.client.stop()
  })
})
