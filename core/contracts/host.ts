import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'
import type { Portable } from '../base/portable.js'

// ---- datagrams

export interface DatagramSocket {
  readonly local: Endpoint
  /** What passed since it was opened: a row for each thread that reads it, or one for the main thread. */
  traffic(): readonly DatagramTraffic[]
  /** Why it is not answered as it should be at present, in one line; null, or absent, where all is well. */
  trouble?(): string | null
  /** Fire and forget; `bytes` may be used again after the call. */
  send(bytes: Uint8Array, to: Endpoint): void
  close(): Promise<void>
}

export interface DatagramTraffic {
  readonly received: number
  readonly sent: number
  /** By the system, because they were not read in time; null where it does not say. */
  readonly dropped: number | null
}

/** What an Answerer returns instead of a length. */
export const NO_REPLY = 0
export const REPLY_LATER = -1

/** Answers datagrams one by one: pure but for its own state, so that it can run in a thread beside the socket. */
export interface Answerer {
  /**
   * The packet is packet[0..length), always whole: one of more than 1,500 bytes may be dropped unseen instead. `from`: 16
   * bytes of address (v4 mapped) and 2 of port. `now`: monotonic milliseconds. Writes the answer into `reply` (at least
   * 1,500 bytes) and gives its length, NO_REPLY, or REPLY_LATER if it will use `send`. The three arrays are valid only
   * during the call; an owner has few of them and gives the same ones again and again. Never throws for what the packet
   * holds.
   */
  answer(packet: Uint8Array, length: number, from: Uint8Array, now: number, reply: Uint8Array): number
}

export type SendLater = (bytes: Uint8Array, to: Uint8Array) => void

/** How a socket is to be answered. */
export interface Answering {
  /** On the main thread. */
  make(send: SendLater): Answerer
  /**
   * In threads of the socket's own, where the net has any. It cannot send later: REPLY_LATER is silence there. Once it
   * is open its thread does nothing but answer: no promise, timer or message comes through any more.
   */
  readonly inThread?: Portable<Answerer> | undefined
  /** How many; 1 where absent. */
  readonly threads?: number | undefined
  /** A thread has ended, by itself or at `close`. Where it was not asked to, another takes its place. */
  threadEnded?(number: number): void
}

/** UDP. Rejections of bind and serve are the operator's (port in use, not permitted) and name the address. */
export interface DatagramNet {
  /** `onPacket` gets bytes that are valid only during the call. */
  bind(at: Endpoint, onPacket: (bytes: Uint8Array, from: Endpoint) => void): Promise<DatagramSocket>
  /**
   * What a UDP tracker needs. One implementation answers on the main thread, a datagram at a time; another, given
   * `inThread`, answers many in two system calls in threads of its own. `[::]` takes both families.
   */
  serve(at: Endpoint, answering: Answering): Promise<DatagramSocket>
}

export const Datagrams = token.one<DatagramNet>('datagram-net')

/** The one that answers many datagrams in two system calls, where the machine can. */
export interface BatchedDatagramNet extends DatagramNet {
  /** Known once it has started: why this machine cannot, or null. While not null, nothing may be asked of it. */
  readonly unusable: string | null
}

export const BatchedDatagrams = token.one<BatchedDatagramNet>('batched-datagram-net')

// ---- HTTP

export interface HttpRequest {
  readonly method: string
  readonly path: string
  /** Raw, percent-escapes and all, without the question mark. */
  readonly query: string
  /** The socket's other end; what a proxy's header says is the handler's to judge. */
  readonly from: Endpoint
  /** By lower-case name. A repeated header comes joined by ", ". */
  header(name: string): string | undefined
}

export interface HttpReply {
  readonly status: number
  readonly type: string
  /** Given to `respond`, borrowed until that returns. */
  readonly body: Uint8Array
  /** The body will never change: it may be sent from where it lies, however long that takes. */
  readonly lasting?: true
  /** How the body is packed; only for clients that say they take it. */
  readonly encoding?: 'gzip'
}

export interface HttpListener {
  readonly local: Endpoint
  /** How many are open now; absent where that is not known. */
  connections?(): number
  close(): Promise<void>
}

export interface HttpLimits {
  /** For the whole exchange, redirects included. */
  readonly timeoutMs: number
  /** Of the body, after unpacking. */
  readonly maxBytes: number
  readonly family?: 4 | 6
  /** Asked for the resolved address of every hop; false aborts (ERR_HTTP_ADDRESS). */
  allow?(ip: Uint8Array): boolean
}

export interface HttpNet {
  /**
   * Headers must be in within 5 s, URLs of over 4 KiB are answered 414, bodies are ignored. `respond` is called once,
   * now or later, and is a no-op when the client has gone. Rejects with an operator's error naming the address.
   */
  serve(
    at: Endpoint,
    handler: (request: HttpRequest, respond: (reply: HttpReply) => void) => void,
  ): Promise<HttpListener>
  /** GET with redirects (at most 5, never from https to http). Rejects with a NodeError; a status of 400 and above is a reply. */
  get(url: URL, limits: HttpLimits, signal: AbortSignal): Promise<HttpReply>
  /** Packs a body for `encoding`, beside the main thread; it must not change meanwhile. Absent where the net cannot. */
  gzip?(body: Uint8Array): Promise<Uint8Array>
}

export const Http = token.one<HttpNet>('http-net')

// ---- files, names, hashing

/** One file found by `walk`: path elements below the folder that was walked; none where that was a file itself. */
export interface FileFact {
  readonly path: readonly string[]
  readonly length: number
  readonly mtimeMs: number
}

/** Small files of the node's own: profiles, .torrent files, state. Content goes through a storage. Errors are operator's, with the path. */
export interface FileSystem {
  read(path: string): Promise<Uint8Array>
  /**
   * Temporary file, fsync, rename, fsync of the folder: after a power cut either the old bytes or the new. Read by its
   * owner alone, or by whoever the user lets read new files where it is `forOthers`.
   */
  writeAtomic(path: string, bytes: Uint8Array, options?: { readonly forOthers?: boolean }): Promise<void>
  /** Creates the file where it is absent. Not synced. */
  append(path: string, bytes: Uint8Array): Promise<void>
  /** null: nothing there. Follows links. */
  stat(path: string): Promise<{ readonly directory: boolean; readonly length: number; readonly mtimeMs: number } | null>
  /** Names in a folder, in byte order; empty where the folder is absent. */
  list(path: string): Promise<readonly string[]>
  /** Every regular file below, paths in byte order, element by element; follows no link; names beginning with "." left out. */
  walk(path: string): Promise<readonly FileFact[]>
  rename(from: string, to: string): Promise<void>
  /** Nothing there is fine. */
  remove(path: string): Promise<void>
  /** With parents; 0755. */
  makeDir(path: string): Promise<void>
  /** Exclusive among processes until released; a lock left by a dead process is taken over. ERR_FILE_LOCKED names the holder. */
  lock(path: string): Promise<{ release(): Promise<void> }>
}

export const Files = token.one<FileSystem>('file-system')

export interface HashPool {
  /** SHA-1 of `data`, which lies in shared memory and is borrowed until the answer, against 20 bytes. */
  verify(data: Uint8Array, digest: Uint8Array): Promise<boolean>
  /**
   * The `pieces` string of a torrent over these files (in order, laid end to end) below `folder`. `progress` gets bytes
   * hashed since its last call. Rejects if a file is shorter than its fact says.
   */
  digests(
    files: readonly FileFact[],
    folder: string,
    pieceLength: number,
    progress: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Uint8Array>
}

export const Hashing = token.one<HashPool>('hash-pool')

export interface Names {
  /** Addresses of a host (a literal address gives itself); empty family 0 means both. Rejects blaming the remote. */
  resolve(host: string, family: 0 | 4 | 6): Promise<readonly Uint8Array[]>
  /** This machine's own addresses, loopback left out, IPv4 first. */
  own(): readonly Uint8Array[]
}

export const NameLookup = token.one<Names>('names')
