// An HTTP tracker that knows no peers and writes down what it is told; it can be made to keep silent.
import http from 'node:http'

const REPLY = 'd8:completei0e10:incompletei0e8:intervali1800e5:peers0:e'

export class TestTracker {
  /** The events of the announces in their order; '' for those without one. */
  readonly events: string[] = []
  silent = false
  private readonly server = http.createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://tracker').searchParams
    this.events.push(query.get('event') ?? '')
    if (!this.silent) response.end(REPLY, 'latin1')
  })

  static async open(): Promise<TestTracker> {
    const tracker = new TestTracker()
    await new Promise<void>(resolve => tracker.server.listen(0, '127.0.0.1', resolve))
    return tracker
  }

  get url(): string {
    const at = this.server.address()
    return `http://127.0.0.1:${at !== null && typeof at === 'object' ? at.port : 0}/announce`
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
