// Load for a UDP tracker, on loopback alone: node dist/test/bench/udp-load.js PLAN, with some of a UdpLoadPlan in JSON. Ends after
// `seconds` and prints a UdpLoadReport.
import { randomInt } from 'node:crypto'
import { mmsgSockets } from './load/mmsg-sockets.js'
import { type UdpAnnounced, UdpAnnouncer, type UdpAnnouncing } from './load/udp-announcer.js'
import { dgramSockets } from './load/udp-sockets.js'
import { Lots } from './load/workload.js'

export interface UdpLoadPlan extends UdpAnnouncing {
  readonly port: number
  /** Sends batches as one packet that the system cuts up: more than a core could else send. */
  readonly segmented: boolean
}

export interface UdpLoadReport extends UdpAnnounced {
  /** Of this process; its part of a core tells whether the load was the bottleneck. */
  readonly cpuSeconds: number
}

const usual: UdpLoadPlan = {
  port: 6969,
  seconds: 4,
  swarms: 1000,
  window: 256,
  numWant: 50,
  sources: 8,
  ports: 65535,
  rate: 0,
  most: 0,
  segmented: false,
}

const plan: UdpLoadPlan = { ...usual, ...(JSON.parse(process.argv[2] ?? '{}') as Partial<UdpLoadPlan>) }
const place = { host: '127.0.0.1', port: plan.port, sources: plan.sources }
const sockets = (await mmsgSockets(place, plan.segmented)) ?? (await dgramSockets(place))
const before = process.cpuUsage()
const announced = await new UdpAnnouncer(sockets, plan, new Lots(randomInt(1, 2 ** 31))).run()
const { user, system } = process.cpuUsage(before)
await sockets.close()
const report: UdpLoadReport = { ...announced, cpuSeconds: (user + system) / 1e6 }
process.stdout.write(`${JSON.stringify(report)}\n`)
