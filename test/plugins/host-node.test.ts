import { expect } from 'chai'
import { parseEndpoint } from '../../core/base/address.js'
import { Datagrams, Files, Hashing, Http, NameLookup } from '../../core/contracts/host.js'
import hostNode from '../../plugins/host-node/index.js'
import { processMetrics } from '../../plugins/host-node/process-metrics.js'
import { loadPlugin, metricSourceCases, register } from '../conformance/index.js'

register(
  'host-node, the process: contract',
  metricSourceCases(() => ({
    source: processMetrics,
    work() {
      const { user } = process.cpuUsage()
      while (process.cpuUsage().user - user < 2000);
    },
  })),
)

describe('host-node', () => {
  const at = parseEndpoint('127.0.0.1:0')!

  it('provides all five contracts, and lets go of what others left open when it stops', async () => {
    const first = await loadPlugin(hostNode)
    const rest = [first.provided(Files), first.provided(Hashing), first.provided(NameLookup)]
    for (const one of rest) expect(one).to.be.an('object')
    const socket = await first.provided(Datagrams).bind(at, () => undefined)
    const listener = await first.provided(Http).serve(at, () => undefined)
    await first.stop()
    const second = await loadPlugin(hostNode)
    await second.provided(Datagrams).bind(socket.local, () => undefined)
    await second.provided(Http).serve(listener.local, () => undefined)
    await second.stop()
  })
})
