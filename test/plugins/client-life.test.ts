import { expect } from 'chai'
import { toHex } from '../../core/base/bytes.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { decodeResume } from '../../core/torrent/resume.js'
import { config } from '../../plugins/client/config.js'
import { ClientBed, Gate, PIECES, settled, torrent, torrentNamed } from './client-bed.js'

const { infoHash } = parseMetainfo(torrent)
const HASH = toHex(infoHash)

/** Whole, and at rest. */
async function resting(): Promise<ClientBed> {
  const first = new ClientBed()
  await first.client.add({ torrent })
  await first.client.stop()
  const bed = new ClientBed({}, first.saved)
  await bed.client.start()
  bed.client.ready()
  await bed.client.add({ torrent })
  expect(bed.sessions).to.equal(0)
  return bed
}

describe('client: one thing after the other', () => {
  it('fetches what a check of a finished torrent finds damaged', async () => {
    const bed = new ClientBed({ seedGoal: { minutes: 1 } })
    bed.client.ready()
    await bed.client.add({ torrent })
    await bed.passes(1.1)
    expect(bed.phase).to.equal('finished')
    await bed.client.recheck(HASH)
    expect(bed.phase, 'nothing was wrong').to.equal('finished')
    bed.present = 0x70
    await bed.client.recheck(HASH)
    await settled()
    expect(bed.client.snapshot().torrents[0]).to.include({ phase: 'running', have: PIECES - 1 })
    await bed.client.stop()
  })

  it('lets nobody take the place of a torrent that is being hashed', async () => {
    const { queue } = config.parse({ queue: { downloads: 1, stalledMinutes: 10 } })
    const bed = new ClientBed({ queue })
    bed.client.ready()
    bed.present = 0x70
    bed.checking = new Gate()
    const added = [...'ab'].map(name => bed.client.add({ torrent: torrentNamed(name) }))
    await bed.passes(60)
    expect(bed.phases).to.deep.equal({ a: 'checking', b: 'queued' })
    bed.checking.open()
    bed.checking = null
    await Promise.all(added)
    await settled()
    expect(bed.phases).to.deep.equal({ a: 'running', b: 'queued' })
    await bed.passes(10.1)
    expect(bed.phases, 'from then on its time counts').to.deep.equal({ a: 'queued', b: 'running' })
    await bed.client.stop()
  })

  it('wakes no seed that is closed while its wishes change', async () => {
    const bed = await resting()
    bed.wanting = new Gate()
    const wished = bed.client.prioritize(HASH, { 1: 'high' })
    await settled()
    await bed.client.pause(HASH)
    bed.wanting.open()
    await wished
    await settled()
    expect(bed.sessions).to.equal(0)
    expect((await bed.client.files(HASH))[0]).to.include({ priority: 6, bytesDone: 65_536 })
    await bed.client.stop()
  })

  it('keeps nothing of a torrent that is removed while its wishes change', async () => {
    const bed = await resting()
    bed.wanting = new Gate()
    const wished = bed.client.prioritize(HASH, { 1: 'high' })
    await settled()
    const removed = bed.client.remove(HASH)
    await settled()
    bed.wanting.open()
    await Promise.all([wished, removed])
    expect([...bed.saved.keys()]).to.deep.equal([])
    expect(bed.sessions).to.equal(0)
    await bed.client.stop()
  })

  it('fails where what an earlier run left cannot be read, and not in silence', async () => {
    const bed = new ClientBed()
    bed.client.ready()
    bed.saved.set(`/data/${HASH}.resume`, new Uint8Array(1))
    bed.files.read = () => Promise.reject(new Error('the disk does not answer'))
    const refused = await bed.client.add({ torrent }, { paused: true }).catch(String)
    expect(refused).to.include('the disk does not answer')
    expect(bed.phase).to.equal('failed')
    expect(bed.events.filter(({ event }) => event === 'error')).to.have.length(1)
    await bed.client.stop()
  })

  it('loses little of the time it has seeded to a kill, where that counts', async () => {
    const minutes = (bed: ClientBed): number => {
      const state = decodeResume(bed.saved.get(`/data/${HASH}.resume`) ?? new Uint8Array(0), infoHash, PIECES)
      return typeof state === 'string' ? -1 : state.seedingMs / 60_000
    }
    for (const [seedGoal, least] of [
      [{ minutes: 1000 }, 20],
      [{}, 0],
    ] as const) {
      const bed = new ClientBed({ seedGoal })
      bed.client.ready()
      await bed.client.add({ torrent })
      await bed.passes(25)
      expect(minutes(bed)).to.be.within(least, least + 1)
      await bed.client.stop()
    }
  })
})
