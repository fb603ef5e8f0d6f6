// GET /metrics and GET /health. What stands in them is of the node's own making, nothing a stranger's.
import type { HttpReply, HttpRequest } from '../../core/contracts/host.js'
import type { Exposition } from './exposition.js'
import type { Health } from './health.js'

const METRICS = 'text/plain; version=0.0.4; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'
const PLAIN = 'text/plain; charset=utf-8'
const encoder = new TextEncoder()

export class Pages {
  constructor(
    private readonly exposition: Exposition,
    private readonly health: Health,
  ) {}

  answer({ method, path }: HttpRequest, respond: (reply: HttpReply) => void): void {
    if (method !== 'GET' && method !== 'HEAD') return respond(page(405, PLAIN, 'only GET is served here\n'))
    if (path === '/health') {
      const report = this.health.report()
      return respond(page(report.ok ? 200 : 503, JSON_TYPE, `${JSON.stringify(report)}\n`))
    }
    if (path !== '/metrics') return respond(page(404, PLAIN, 'there are /metrics and /health\n'))
    void this.exposition.text().then(text => {
      if (text === null) respond(page(500, PLAIN, 'the metrics cannot be shown: see the log\n'))
      else respond(page(200, METRICS, text))
    })
  }
}

function page(status: number, type: string, text: string): HttpReply {
  return { status, type, body: encoder.encode(text) }
}
