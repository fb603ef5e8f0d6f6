import { expect } from 'chai'
import { parseIp } from '../../core/base/address.js'
import type { Names } from '../../core/contracts/host.js'
import { routesTo } from '../../plugins/discovery-tracker/families.js'

describe('discovery-tracker: families', () => {
  it('leaves a literal address to the system, and asks it nothing', async () => {
    let asked = 0
    const ips = ['192.0.2.9', '2001:db8::9'].map(text => parseIp(text) ?? new Uint8Array(0))
    const names: Names = { own: () => (asked++, ips), resolve: () => Promise.resolve(ips) }
    expect(await routesTo(new URL('udp://192.0.2.1:6969'), names)).to.deep.equal([0])
    expect(await routesTo(new URL('udp://[2001:db8::1]:6969'), names)).to.deep.equal([0])
    expect(asked).to.equal(0)
    expect(await routesTo(new URL('udp://tracker.example:6969'), names)).to.deep.equal([4, 6])
  })
})
