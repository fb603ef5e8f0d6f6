import { expect } from 'chai'
import { Catalog } from '../../core/contracts/index.js'
import catalogPlugin from '../../plugins/torrent-catalog/index.js'
import { infoHash, loadPlugin } from '../conformance/index.js'

describe('torrent-catalog', () => {
  it('holds what was added until it is removed, by value', async () => {
    const catalog = (await loadPlugin(catalogPlugin)).provided(Catalog)
    const hash = infoHash(1)
    catalog.add(hash)
    catalog.add(infoHash(1))
    expect(catalog.has(infoHash(1))).to.equal(true)
    hash.fill(0)
    expect(catalog.has(infoHash(1))).to.equal(true)
    expect(catalog.has(infoHash(2))).to.equal(false)
    catalog.remove(infoHash(2))
    catalog.remove(infoHash(1))
    expect(catalog.has(infoHash(1))).to.equal(false)
  })
})
