// Every provider of a contract runs the suite of that contract.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { filesBelow, root } from './tree.js'

const SUITES: Readonly<Record<string, string>> = {
  PieceSelectors: 'pieceSelectorCases',
  Storages: 'storageCases',
  Choke: 'chokePolicyCases',
  PeerTransports: 'peerTransportCases',
  PeerDiscoveries: 'peerDiscoveryCases',
  TrackerClients: 'trackerClientCases',
  SwarmStores: 'swarmStoreCases',
  AnnouncePolicies: 'announcePolicyCases',
  TrackerServers: 'trackerServerCases',
  MetricSources: 'metricSourceCases',
  Datagrams: 'datagramNetCases',
  BatchedDatagrams: 'datagramNetCases',
  Http: 'httpNetCases',
  Files: 'fileSystemCases',
  Hashing: 'hashPoolCases',
  NameLookup: 'namesCases',
}
/** Made by one plugin of ours for all others to use: nobody else provides these. */
const OURS = new Set(['Api', 'Probes', 'Tracker', 'Catalog'])

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const tests = filesBelow('test')
  .filter(path => path.endsWith('.ts') && !path.startsWith('test/conformance/'))
  .map(read)

describe('conformance', () => {
  const plugins = filesBelow('plugins').filter(path => /^plugins\/[^/]+\/index\.ts$/.test(path))

  it('is asked of all plugins there are', () => expect(plugins.length).to.be.above(15))

  for (const index of plugins) {
    const folder = index.slice(0, -'index.ts'.length)
    const tokens = (/provides: \[([^\]]*)\]/.exec(read(index))?.[1] ?? '').split(',').map(token => token.trim())
    for (const token of tokens.filter(name => name !== '' && !OURS.has(name))) {
      it(`${folder} runs the suite for ${token}`, () => {
        const suite = SUITES[token] ?? expect.fail(`there is no suite for ${token}`)
        const ran = tests.some(test => test.includes(`${suite}(`) && test.includes(folder))
        expect(ran, `no test names both ${suite} and ${folder}`).to.equal(true)
      })
    }
  }
})
