import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'
import type { NodeError } from '../base/errors.js'

/** Where a link delivers. The chunk given to `onData` is valid only during the call. */
export interface PeerSink {
  onData(chunk: Uint8Array): void
  /** Room again, after `write` answered false. */
  onWritable(): void
  /** Once, last; null when either side closed in order. */
  onClose(error: NodeError | null): void
}

/**
 * A byte pipe to a peer, without streams or emitters.
 *
 * Nothing is delivered before `open`, which is called exactly once, and nothing inside `open`, `write`, `resume` or
 * `close` themselves. Writes of one turn of the event loop leave together.
 */
export interface PeerLink {
  readonly remote: Endpoint
  readonly inbound: boolean
  open(sink: PeerSink): void
  /**
   * Queues both buffers, in order, without a copy: they belong to the link until `sent` has passed them. False: wait
   * for `onWritable` before writing more (what was given is queued all the same).
   */
  write(head: Uint8Array, body?: Uint8Array): boolean
  /** Bytes handed to the system so far; a buffer may be filled anew only once its last byte is counted here, or after `onClose`. */
  readonly sent: number
  /** No `onData` until `resume`, so that a slow disk slows the sender down. At most one chunk still comes. */
  pause(): void
  resume(): void
  /** Idempotent. Unsent bytes are dropped, except that what was written in this turn is still tried. */
  close(): void
}

export interface PeerListener {
  /** With the port in use, where 0 was asked for. */
  readonly local: Endpoint
  /** Accepts no more; links already accepted stay. */
  close(): Promise<void>
}

export interface PeerTransport {
  /** Rejects with a NodeError blaming the remote (refused, unreachable, aborted). The caller sets the deadline by the signal. */
  dial(to: Endpoint, signal: AbortSignal): Promise<PeerLink>
  /** Rejects with an operator's error (port in use, not permitted) that names the address. */
  listen(at: Endpoint, accept: (link: PeerLink) => void): Promise<PeerListener>
}

/** By name: 'tcp'; later others, or one transport over another. */
export const PeerTransports = token.named<PeerTransport>('peer-transports')
