import { serveHttp } from './http-server.js'
import { getHttp } from './http-client.js'
import { gzip } from './http-gzip.js'
import { FirstFault } from '../../core/base/first-fault.js'
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type { Logger } from '../../core/base/log.js'
import type { HttpLimits, HttpListener, HttpNet, HttpReply } from '../../core/contracts/host.js'
import type { HttpHandler } from './plain-service.js'

/** HTTP of the machine: node:http to serve, undici to ask. */
export class NodeHttpNet implements HttpNet {
  private readonly open = new Set<HttpListener>()
  private readonly fault: FirstFault

  constructor(
    private readonly clock: Clock,
    log: Logger,
  ) {
    this.fault = new FirstFault(log, 'answering an HTTP request failed')
  }

  async serve(at: Endpoint, handler: HttpHandler): Promise<HttpListener> {
    const listener = await serveHttp(at, handler, error => this.fault.tell(error), this.clock)
    const opened: HttpListener = {
      ...listener,
      close: () => {
        this.open.delete(opened)
        return listener.close()
      },
    }
    this.open.add(opened)
    return opened
  }

  get(url: URL, limits: HttpLimits, signal: AbortSignal): Promise<HttpReply> {
    return getHttp(url, limits, signal, this.clock)
  }

  gzip(body: Uint8Array): Promise<Uint8Array> {
    return gzip(body)
  }

  /** Ends what is still being served. */
  async close(): Promise<void> {
    await Promise.all([...this.open].map(listener => listener.close()))
  }
}
