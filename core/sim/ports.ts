// The ports of one node: who is bound to which address and port, streams and datagrams apart.
import { equalBytes } from '../base/bytes.js'
import { formatEndpoint, isLoopback, isUnspecified } from '../base/address.js'
import type { Endpoint } from '../base/address.js'

const EPHEMERAL_FROM = 49152
const EPHEMERAL_COUNT = 16384

export interface Binding<T> {
  /** With the port in use, where 0 was asked for. */
  readonly local: Endpoint
  readonly service: T
  /** Idempotent. */
  release(): void
}

export class Ports<T> {
  private readonly bound: Binding<T>[] = []
  private turn = 0

  constructor(
    private readonly own: readonly Uint8Array[],
    private readonly hold: (what: string) => () => void,
    private readonly kind: string,
  ) {}

  /** A text where the port is taken or the address is not this node's: why, and what to do. */
  bind(at: Endpoint, service: T): Binding<T> | string {
    if (!isUnspecified(at.ip) && !isLoopback(at.ip) && !this.own.some(ip => equalBytes(ip, at.ip))) {
      return `cannot listen on ${formatEndpoint(at)}: this node has no such address`
    }
    const local = at.port === 0 ? { ...at, port: this.ephemeral() } : at
    if (this.bound.some(other => other.local.port === local.port && overlap(other.local, local))) {
      return `cannot listen on ${formatEndpoint(at)}: the port is in use; choose another, or 0 for any free one`
    }
    const letGo = this.hold(`${this.kind} ${formatEndpoint(local)}`)
    const binding: Binding<T> = {
      local,
      service,
      release: () => {
        const place = this.bound.indexOf(binding)
        if (place < 0) return
        this.bound.splice(place, 1)
        letGo()
      },
    }
    this.bound.push(binding)
    return binding
  }

  /** What answers at this address and port. */
  find(to: Endpoint): Binding<T> | undefined {
    return this.bound.find(one => one.local.port === to.port && overlap(one.local, to))
  }

  /** A port that nobody is bound to: for outgoing connections as well. */
  ephemeral(): number {
    for (;;) {
      const port = EPHEMERAL_FROM + (this.turn++ % EPHEMERAL_COUNT)
      if (!this.bound.some(one => one.local.port === port)) return port
    }
  }
}

/** Would both receive the same packet? `[::]` takes both families. */
function overlap(a: Endpoint, b: Endpoint): boolean {
  if (isUnspecified(a.ip)) return a.family === 6 || b.family === 4
  if (isUnspecified(b.ip)) return b.family === 6 || a.family === 4
  return equalBytes(a.ip, b.ip)
}
