import { expect } from 'chai'
import { AnnouncePolicies, Catalog } from '../../core/contracts/index.js'
import { TorrentSet } from '../../plugins/torrent-catalog/torrent-set.js'
import sharedPlugin from '../../plugins/tracker-allow-shared/index.js'
import { announcePolicyCases, infoHash, loadPlugin, register } from '../conformance/index.js'
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
})
