// An HTTP tracker that names one peer to whoever asks, for programs that find peers in no other way.
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export class OnePeerTracker {
  private constructor(private readonly server: http.Server) {}

  static async open(peerPort: number): Promise<OnePeerTracker> {
    const peer = Buffer.from([127, 0, 0, 1, peerPort >> 8, peerPort & 255])
    const head = Buffer.from('d8:completei1e10:incompletei1e8:intervali1800e5:peers6:', 'latin1')
    const reply = Buffer.concat([head, peer, Buffer.from('e')])
    const server = http.createServer((_request, response) => response.end(reply))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    return new OnePeerTracker(server)
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo
    return `http://127.0.0.1:${port}/announce`
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
