// HTTP byte for byte, from whatever loopback address: what a client library would never send.
import { connect, type Socket } from 'node:net'

export class RawHttp {
  /** All that came, one character a byte. */
  text = ''
  closed = false
  readonly socket: Socket
  private heard: () => void = () => {}

  constructor(port: number, { from, first = '' }: { readonly from?: string; readonly first?: string } = {}) {
    const host = from?.includes(':') === true ? '::1' : '127.0.0.1'
    this.socket = connect({ port, host, ...(from === undefined ? {} : { localAddress: from }) })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk: string) => {
      this.text += chunk
      this.heard()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.closed = true
      this.heard()
    })
    if (first !== '') this.socket.write(first, 'latin1')
  }

  async until(holds: (raw: this) => boolean): Promise<this> {
    while (!holds(this)) await new Promise<void>(resolve => (this.heard = resolve))
    return this
  }

  /** How many replies came, by their status lines. */
  get replies(): number {
    return this.text.split(/HTTP\/1\.1 \d{3} /).length - 1
  }
}

/** The body of the reply to a GET from that address. */
export async function overHttp(port: number, target: string, from: string, headers = ''): Promise<string> {
  const first = `GET ${target} HTTP/1.1\r\nHost: t\r\n${headers}Connection: close\r\n\r\n`
  const { text } = await new RawHttp(port, { from, first }).until(raw => raw.closed)
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

export function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
