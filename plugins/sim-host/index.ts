// The host of a simulated node, in place of host-node: the same contracts in a world's virtual time.
import { Datagrams, Files, Hashing, Http, NameLookup } from '../../core/contracts/host.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { Machine } from '../../core/sim/node.js'
import { config } from './config.js'
import { SimDatagrams } from './sim-datagrams.js'
import { SimFiles } from './sim-files.js'
import { SimHashing } from './sim-hashing.js'
import { SimHttp } from './sim-http.js'
import { SimNames } from './sim-names.js'

export default definePlugin({
  name: 'sim-host',
  config,
  requires: [Machine],
  provides: [Datagrams, Http, Files, Hashing, NameLookup],
  setup(ctx) {
    const machine = ctx.get(Machine)
    const names = new SimNames(machine)
    ctx.provide(NameLookup, names)
    ctx.provide(Datagrams, new SimDatagrams(machine))
    ctx.provide(Http, new SimHttp(machine, names))
    ctx.provide(Files, new SimFiles(machine))
    ctx.provide(Hashing, new SimHashing(machine, ctx.config.hashMiBPerSecond))
  },
})
