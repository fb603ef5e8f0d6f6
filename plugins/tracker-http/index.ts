import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Http, NameLookup } from '../../core/contracts/host.js'
import { MetricSources } from '../../core/contracts/metrics.js'
import { Tracker, TrackerServers } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { announceAuthority, listenAt, listeningText } from '../../core/tracker/listening.js'
import { Tally } from '../../core/tracker/tally.js'
import { ClientAddress } from './client-address.js'
import { config } from './config.js'
import { HttpCounts, told } from './counts.js'
import { FullScrape } from './full-scrape.js'
import { HttpTracker } from './http-tracker.js'
import { httpMetrics } from './metrics.js'
import { parseNetwork } from './network.js'
import type { HttpListener } from '../../core/contracts/host.js'

export default definePlugin({
  name: 'tracker-http',
  config,
  requires: [Tracker, Http, NameLookup],
  optional: [AnnouncePolicies],
  provides: [TrackerServers, MetricSources],
  setup(ctx) {
    const { listen, announceHost, trustedProxies, fullScrapeSeconds, fullScrapeMost } = ctx.config
    const { clock, log } = ctx.host
    const [http, names] = [ctx.get(Http), ctx.get(NameLookup)]
    const networks = trustedProxies.flatMap(text => parseNetwork(text) ?? [])
    const policed = ctx.all(AnnouncePolicies).length > 0
    const counts = new HttpCounts()
    const service = ctx.get(Tracker)
    const everything = new FullScrape(service, clock, http, { seconds: fullScrapeSeconds, most: fullScrapeMost })
    const tracker = new HttpTracker(service, new ClientAddress(networks), policed, everything, counts)
    const tally = new Tally('HTTP tracker', told(counts), clock, log)
    const announceUrls: string[] = []
    const listeners: HttpListener[] = []
    ctx.provide(TrackerServers, { announceUrls })
    ctx.provide(MetricSources, httpMetrics(counts, listeners))
    return {
      async start() {
        await listenAt({ name: `${ctx.id}.listen`, value: listen }, names, async at => {
          const listener = await http.serve(at, (request, respond) => tracker.answer(request, respond))
          listeners.push(listener)
          const url = `http://${announceAuthority(listener.local, announceHost, names)}/announce`
          if (!announceUrls.includes(url)) announceUrls.push(url)
        })
        tally.start()
        log.info('HTTP tracker listens', { on: listeningText(listeners.map(listener => listener.local)) })
      },
      async stop() {
        everything.stop()
        tally.stop()
        await Promise.all(listeners.map(listener => listener.close()))
      },
    }
  },
})
