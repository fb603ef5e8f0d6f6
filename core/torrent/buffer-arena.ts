// All piece slots and read-ahead extents of a node lie in one SharedArrayBuffer of a fixed size: the memory of transfers
// is bounded by construction. Space is handed out in units of a block, first fit; a torrent has few sizes, so holes match.
import { BLOCK_LENGTH } from '../protocol/geometry.js'
import { SlotClaims } from './slot-claims.js'

/** Frees something that is only cached, or says that there is nothing; `hard`: also what may soon be wanted. */
export type Reclaim = (hard: boolean) => boolean

/** Each side leaves an eighth to the other, so that neither a download nor an upload can starve the other. */
const SHARE = 7 / 8

export class BufferArena {
  readonly memory: SharedArrayBuffer
  readonly bytes: number
  readonly claims = new SlotClaims()
  /** Peers, of all torrents, that ask for what is read into extents. */
  readers = 0
  private readonly used: Uint8Array
  private readonly inUse = { slot: 0, extent: 0 }
  private readonly reclaimers = new Set<Reclaim>()

  constructor(bytes: number) {
    const units = Math.max(4, Math.floor(bytes / BLOCK_LENGTH))
    this.bytes = units * BLOCK_LENGTH
    this.memory = new SharedArrayBuffer(this.bytes)
    this.used = new Uint8Array(units)
  }

  /** Registers a cache that can give memory back; the answer unregisters it. */
  onPressure(reclaim: Reclaim): () => void {
    this.reclaimers.add(reclaim)
    return () => this.reclaimers.delete(reclaim)
  }

  /** What extents may take of it at most. */
  get extentBytes(): number {
    return this.bytes * SHARE
  }

  /** Offset of `bytes` contiguous bytes, or -1. Caches are emptied before the answer is no; `hard`: to the last of them. */
  alloc(bytes: number, side: 'slot' | 'extent', hard = true): number {
    const units = Math.ceil(bytes / BLOCK_LENGTH)
    const share = Math.max(units, this.used.length * SHARE)
    for (;;) {
      const within = this.inUse[side] + units <= share
      // Slots cannot be taken back, extents can: a full cache makes room in itself.
      if (!within && side === 'slot') return -1
      const at = within ? this.fit(units) : -1
      if (at >= 0) {
        this.used.fill(1, at, at + units)
        this.inUse[side] += units
        return at * BLOCK_LENGTH
      }
      if (!this.reclaim(false) && !(hard && this.reclaim(true))) return -1
    }
  }

  free(offset: number, bytes: number, side: 'slot' | 'extent'): void {
    const at = offset / BLOCK_LENGTH
    const units = Math.ceil(bytes / BLOCK_LENGTH)
    this.used.fill(0, at, at + units)
    this.inUse[side] -= units
  }

  view(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.memory, offset, length)
  }

  /** Units in use; 0 once every torrent is closed. */
  get unitsInUse(): number {
    return this.inUse.slot + this.inUse.extent
  }

  private reclaim(hard: boolean): boolean {
    for (const reclaim of this.reclaimers) {
      if (!reclaim(hard)) continue
      // The next time it is another's turn to give.
      this.reclaimers.delete(reclaim)
      this.reclaimers.add(reclaim)
      return true
    }
    return false
  }

  private fit(units: number): number {
    let run = 0
    for (let i = 0; i < this.used.length; i++) {
      run = this.used[i] === 0 ? run + 1 : 0
      if (run === units) return i + 1 - units
    }
    return -1
  }
}
