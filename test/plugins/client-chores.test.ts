import { expect } from 'chai'
import { TorrentChores } from '../../plugins/client/torrent-chores.js'

describe('plugins/client/torrent-chores', () => {
  const nothing = async (): Promise<void> => {}

  it('does one thing after the other, and each that is ordered rejects as its own work does', async () => {
    const told: unknown[] = []
    const done: string[] = []
    const chores = new TorrentChores(error => told.push(error))
    const wrong = new Error('no such folder')
    const moving = chores.order('moving', { begin: nothing, work: () => Promise.reject(wrong), end: nothing })
    const checking = chores.order('checking', {
      begin: nothing,
      work: async () => void done.push(`checking while ${chores.ordered}`),
      end: async () => void done.push(`then ${chores.ordered}`),
    })
    expect(await moving.catch((error: unknown) => error)).to.equal(wrong)
    await checking
    expect(done).to.deep.equal(['checking while checking', 'then null'])
    expect(told).to.deep.equal([])
  })

  it('is at no order any more when one could not begin', async () => {
    const told: unknown[] = []
    const chores = new TorrentChores(error => told.push(error))
    const wrong = new Error('cannot let go')
    await chores.order('moving', { begin: () => Promise.reject(wrong), work: nothing, end: nothing })
    expect(chores.ordered).to.equal(null)
    expect(told).to.deep.equal([wrong])
  })
})
