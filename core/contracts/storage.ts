import { token } from '../base/token.js'
import type { NodeError } from '../base/errors.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { InfoHash, PieceIndex } from '../protocol/ids.js'

/**
 * One read. The storage fills `into` (which lies in shared memory, so that a worker can do it) with the bytes of
 * `piece` from `begin`, then calls `done` exactly once, never inside `read` itself. The job object belongs to the
 * storage from `read` to `done`.
 */
export interface ReadJob {
  readonly piece: PieceIndex
  readonly begin: number
  readonly into: Uint8Array
  done(error: NodeError | null): void
}

/** One file of the content, in the order of the torrent. */
export interface StorageFile {
  /** Safe path elements below the folder (see core/protocol/safe-path), the torrent's name first. */
  readonly path: readonly string[]
  readonly length: number
  /** BEP 47 padding: zeros that are hashed but never stored. */
  readonly padding: boolean
}

export interface StorageSpec {
  /** Absolute. The storage never writes outside it, nor through a symbolic link below it. */
  readonly folder: string
  readonly infoHash: InfoHash
  readonly geometry: PieceGeometry
  /** Together `geometry.totalLength` bytes. */
  readonly files: readonly StorageFile[]
}

export interface StorageMove {
  /** An earlier move to the same folder was cut short: what of the content is there already is ours and stays. */
  readonly resumed: boolean
  /** Ends the move, also in the middle of a file; it rejects, and can be gone on with. */
  readonly signal: AbortSignal
  /** Bytes that have moved since the last call. */
  moved(bytes: number): void
}

/**
 * Where one torrent's content lies. Called on the main thread; may work in threads of its own.
 *
 * Obligations. A read accepted after a write resolved sees what was written. A failed write leaves the piece as it was
 * or makes it unreadable, never half right and readable. `close` waits for what was accepted; afterwards every call
 * fails with ERR_STORAGE_CLOSED. A full disk is ERR_STORAGE_FULL (operator; the engine tries again later), anything
 * else stops the torrent. Errors name the file and what the system said. Buffers lie in shared memory and are borrowed
 * until the call completes.
 */
export interface TorrentStorage {
  read(job: ReadJob): void
  /** Resolves when every later read sees the piece. */
  write(piece: PieceIndex, data: Uint8Array): Promise<void>
  /** Hashes and, if right, writes, in one hop to wherever both are done. False: wrong, nothing was written. */
  verifyAndWrite?(piece: PieceIndex, data: Uint8Array, digest: Uint8Array): Promise<boolean>
  /** Is the piece on disk right? Hashes it without moving it to the main thread. False where it cannot be read. */
  check?(piece: PieceIndex, digest: Uint8Array): Promise<boolean>
  /** BEP 3 bits: pieces whose bytes could be there, judged by the files' sizes alone. A bit not set need not be hashed. */
  present(): Promise<Uint8Array>
  /** Sizes and times of the files in one string: equal stamps mean that nobody else touched them. */
  stamp(): Promise<string>
  /** Durable: when it resolves, what was written before the call survives a power cut (data fsynced). */
  flush(): Promise<void>
  /**
   * Which files are wanted, in the order of the spec; until it is called, all. Called before the first write and whenever
   * that changes. Of a file that is not wanted nothing need lie on the disk but what pieces bring that it shares, and
   * what was there before; every piece can be written and read all the same.
   */
  want?(files: readonly boolean[]): Promise<void>
  /** Deletes the content, and the folders that are empty then. */
  remove?(): Promise<void>
  /**
   * Moves the content below another folder (absolute, made where it is absent), modification times kept, and deletes
   * the folders that are empty then. What stands there already is never overwritten: ERR_STORAGE_EXISTS (operator).
   * Where it rejects nothing has moved, unless the signal ended it or it is `resumed`; however it is cut short, by a kill
   * too, each file is whole and durable at the one place or the other. Afterwards only `close` is called.
   */
  move?(folder: string, how: StorageMove): Promise<void>
  close(): Promise<void>
}

export interface StorageFactory {
  /** Absolute: the folder of torrents that name none. Absent: the caller's to choose. */
  readonly root?: string
  /** Opens or creates; existing right data is kept. Writes nothing but folders before the first piece. */
  open(spec: StorageSpec, signal: AbortSignal): Promise<TorrentStorage>
}

/** By name: 'file', 'memory', and yours. */
export const Storages = token.named<StorageFactory>('storages')
