import { BatchedDatagrams, Datagrams, NameLookup } from '../../core/contracts/host.js'
import { MetricSources } from '../../core/contracts/metrics.js'
import { Tracker, TrackerServers } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { ConnectionIds } from '../../core/tracker/connection-id.js'
import { announceAuthority, listenAt, listeningText } from '../../core/tracker/listening.js'
import { Tally } from '../../core/tracker/tally.js'
import { config } from './config.js'
import { udpCounts } from './counts.js'
import { chooseIo } from './io-choice.js'
import { answererInThread } from './answerer-in-thread.js'
import { told, udpMetrics } from './metrics.js'
import { UdpTracker } from './udp-tracker.js'
import { whereAnswered } from './where-answered.js'
import type { Answering, DatagramSocket } from '../../core/contracts/host.js'

export default definePlugin({
  name: 'tracker-udp',
  config,
  requires: [Tracker, Datagrams, NameLookup],
  optional: [BatchedDatagrams],
  provides: [TrackerServers, MetricSources],
  notes: whereAnswered,
  setup(ctx) {
    const { listen, announceHost, io, threads, leewaySeconds } = ctx.config
    const { clock, entropy, log } = ctx.host
    const [service, datagrams, names] = [ctx.get(Tracker), ctx.get(Datagrams), ctx.get(NameLookup)]
    const net = ctx.find(BatchedDatagrams)
    const batched = net && { id: ctx.providers(BatchedDatagrams).join(), net }
    const secret = new Uint8Array(16)
    entropy.fill(secret)
    const counts = udpCounts()
    const announceUrls: string[] = []
    const sockets: DatagramSocket[] = []
    const tally = new Tally('UDP tracker', told(counts, sockets), clock, log)
    ctx.provide(TrackerServers, { announceUrls })
    ctx.provide(MetricSources, udpMetrics(counts, sockets))

    const answering = (): Answering => ({
      make: send => new UdpTracker(service, new ConnectionIds(secret, leewaySeconds), counts.row(0), send),
      inThread:
        service.inThread &&
        answererInThread({ service: service.inThread, secret, leewaySeconds, counts: counts.memory }),
      threads,
      threadEnded: number => service.threadEnded?.(number),
    })
    return {
      async start() {
        const choice = chooseIo({ id: ctx.id, io }, datagrams, batched, service)
        await listenAt({ name: `${ctx.id}.listen`, value: listen }, names, async at => {
          const socket = await choice.net.serve(at, answering())
          sockets.push(socket)
          const url = `udp://${announceAuthority(socket.local, announceHost, names)}/announce`
          if (!announceUrls.includes(url)) announceUrls.push(url)
        })
        const on = listeningText(sockets.map(socket => socket.local))
        const by = choice.io === 'mmsg' ? threads : 'main thread'
        log.info('UDP tracker listens', { on, io: choice.io, threads: by, why: choice.why })
        tally.start()
      },
      async stop() {
        tally.stop()
        await Promise.all(sockets.map(socket => socket.close()))
      },
    }
  },
})
