import { expect } from 'chai'
import { AnnouncePolicies, Catalog } from '../../core/contracts/index.js'
import { TorrentSet } from '../../plugins/torrent-catalog/torrent-set.js'
import sharedPlugin from '../../plugins/tracker-allow-shared/index.js'
import { announcePolicyCases, infoHash, loadPlugin, OtherThread, register } from '../conformance/index.js'
import type { PolicyUnderTest } from '../conformance/index.js'

async function load() {
  const catalog = new TorrentSet()
  const loaded = await loadPlugin(sharedPlugin, {}, [[Catalog, catalog]])
  const [policy] = loaded.provided(AnnouncePolicies)
  if (policy === undefined) throw new Error('no policy')
  return { catalog, policy, loaded }
}

register(
  'tracker-allow-shared: contract',
  announcePolicyCases(async (): Promise<PolicyUnderTest> => {
    const { catalog, policy, loaded } = await load()
    catalog.add(infoHash(1))
    return {
      policy,
      admitted: [{ infoHash: infoHash(1) }],
      refused: [{ infoHash: infoHash(2) }],
      close: () => loaded.stop(),
    }
  }),
)

describe('tracker-allow-shared', () => {
  it('follows the catalog', async () => {
    const { catalog, policy } = await load()
    expect(policy.admitScrape?.(infoHash(1))).to.equal(false)
    catalog.add(infoHash(1))
    expect(policy.admitScrape?.(infoHash(1))).to.equal(true)
    expect(policy.admitScrape?.(infoHash(2))).to.equal(false)
    catalog.remove(infoHash(1))
    expect(policy.admitScrape?.(infoHash(1))).to.equal(false)
  })

  it('follows the catalog in a thread, however often it changes', async function () {
    this.timeout(20_000)
    const { catalog, policy, loaded } = await load()
    if (policy.inThread === undefined) throw new Error('only on the main thread')
    const thread = await OtherThread.open(policy.inThread)
    const there = (n: number): Promise<unknown> => thread.call('admitScrape', infoHash(n))
    for (let n = 0; n < 300; n++) {
      catalog.add(infoHash(n))
      if (n >= 100) catalog.remove(infoHash(n - 100))
      const seen = [await there(n), await there(n - 99), await there(n - 100), await there(n + 1)]
      expect(seen).to.deep.equal([true, n >= 99, false, false])
    }
    await thread.close()
    await loaded.stop()
  })

  it('stays on the main thread over a catalog that does', async () => {
    const loaded = await loadPlugin(sharedPlugin, {}, [[Catalog, { add() {}, remove() {}, has: () => true }]])
    expect(loaded.provided(AnnouncePolicies).map(policy => policy.inThread)).to.deep.equal([undefined])
  })
})
