import { formatEndpoint } from '../../core/base/address.js'
import { messageOf } from '../../core/base/errors.js'
import { Http, NameLookup } from '../../core/contracts/host.js'
import { MetricSources } from '../../core/contracts/metrics.js'
import { TrackerServers } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { Exposition } from './exposition.js'
import { Health } from './health.js'
import { exposed, listenAt } from './listening.js'
import { LoopDelay } from './loop-delay.js'
import { Pages } from './pages.js'
import type { HttpListener } from '../../core/contracts/host.js'

export default definePlugin({
  name: 'metrics-prometheus',
  config,
  requires: [Http, NameLookup],
  // Nothing is asked of the servers, but a node is not ready before they are.
  optional: [MetricSources, TrackerServers],
  notes: ({ listen }) => exposed(listen),
  setup(ctx) {
    const { listen, lateMs } = ctx.config
    const { clock, log } = ctx.host
    const [http, names] = [ctx.get(Http), ctx.get(NameLookup)]
    const told = new Set<string>()
    const complain = (metric: string, why: unknown): void => {
      if (!told.has(metric)) log.error('a metric cannot be shown', { metric, error: messageOf(why) })
      told.add(metric)
    }
    const loop = new LoopDelay(clock, lateMs)
    const sources = [...ctx.all(MetricSources), loop]
    const health = new Health(sources, clock, loop)
    const pages = new Pages(new Exposition(sources, complain), health)
    const listeners: HttpListener[] = []
    return {
      async start() {
        loop.start()
        await listenAt(`${ctx.id}.listen`, listen, names, async at => {
          listeners.push(await http.serve(at, (request, respond) => pages.answer(request, respond)))
        })
        const on = listeners.map(({ local }) => `http://${formatEndpoint(local)}/metrics`)
        log.info('metrics are served', { on: on.join(', ') })
      },
      ready() {
        health.state = 'ready'
      },
      drain() {
        health.state = 'draining'
      },
      async stop() {
        loop.stop()
        await Promise.all(listeners.map(listener => listener.close()))
      },
    }
  },
})
