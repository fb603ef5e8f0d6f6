import { Datagrams, NameLookup } from '../../core/contracts/host.js'
import { Tracker, TrackerServers } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { ConnectionIds } from '../../core/tracker/connection-id.js'
import { announceAuthority, listenAt, listeningText } from '../../core/tracker/listening.js'
import { config } from './config.js'
import { noCounts, UdpTracker } from './udp-tracker.js'
import type { Timer } from '../../core/base/clock.js'
import type { DatagramSocket } from '../../core/contracts/host.js'

const REPORT_MS = 60_000

export default definePlugin({
  name: 'tracker-udp',
  config,
  requires: [Tracker, Datagrams, NameLookup],
  provides: [TrackerServers],
  notes: ({ io, threads }) => [
    `answers on the main thread, packet by packet: I/O is "dgram"${io === 'auto' ? ', the best there is in this version' : ''}, and only batched I/O has threads of its own`,
    ...(threads > 1 ? [`"threads": ${threads} has no effect with it`] : []),
  ],
  setup(ctx) {
    const { listen, announceHost, leewaySeconds } = ctx.config
    const { clock, entropy, log } = ctx.host
    const [service, datagrams, names] = [ctx.get(Tracker), ctx.get(Datagrams), ctx.get(NameLookup)]
    const secret = new Uint8Array(16)
    entropy.fill(secret)
    const ids = new ConnectionIds(secret, leewaySeconds)
    const counts = { ...noCounts }
    const announceUrls: string[] = []
    const sockets: DatagramSocket[] = []
    let report: Timer | null = null
    ctx.provide(TrackerServers, { announceUrls })
    return {
      async start() {
        await listenAt({ name: `${ctx.id}.listen`, value: listen }, names, async at => {
          const socket = await datagrams.serve(at, { make: send => new UdpTracker(service, ids, counts, send) })
          sockets.push(socket)
          const url = `udp://${announceAuthority(socket.local, announceHost, names)}/announce`
          if (!announceUrls.includes(url)) announceUrls.push(url)
        })
        const on = listeningText(sockets.map(socket => socket.local))
        log.info('UDP tracker listens', { on, io: 'dgram', threads: 'main thread' })
        report = clock.every(REPORT_MS, () => log.debug('UDP tracker so far', { ...counts }))
      },
      async stop() {
        report?.cancel()
        await Promise.all(sockets.map(socket => socket.close()))
      },
    }
  },
})
