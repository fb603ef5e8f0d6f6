// Load for an HTTP tracker, on loopback alone: node dist/test/bench/http-load.js PLAN, with some of an HttpLoadPlan in JSON. Ends
// after `seconds` and prints an HttpLoadReport.
import { randomInt } from 'node:crypto'
import { type HttpAnnounced, HttpAnnouncer, type HttpAnnouncing } from './load/http-announcer.js'
import { nodeHttp, polledHttp } from './load/http-sockets.js'
import { Lots } from './load/workload.js'

export interface HttpLoadPlan extends HttpAnnouncing {
  readonly port: number
}

export interface HttpLoadReport extends HttpAnnounced {
  /** Of this process; its part of a core tells whether the load was the bottleneck. */
  readonly cpuSeconds: number
}

const usual: HttpLoadPlan = {
  port: 6969,
  seconds: 4,
  connections: 64,
  pipeline: 1,
  keepAlive: true,
  swarms: 1000,
  numWant: 50,
}

const plan: HttpLoadPlan = { ...usual, ...(JSON.parse(process.argv[2] ?? '{}') as Partial<HttpLoadPlan>) }
const before = process.cpuUsage()
const announcer = new HttpAnnouncer(plan.port, plan, new Lots(randomInt(1, 2 ** 31)))
const announced = (await polledHttp(announcer, plan.port, plan)) ?? (await nodeHttp(announcer, plan.port, plan))
const { user, system } = process.cpuUsage(before)
const report: HttpLoadReport = { ...announced, cpuSeconds: (user + system) / 1e6 }
process.stdout.write(`${JSON.stringify(report)}\n`)
