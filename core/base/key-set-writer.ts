// The one who changes a key set. Its memory is address space until it is used; used are the present table, a second in
// whose place the next one is made, and what smaller ones left as the set grew: places for a power of two of keys, of
// each size two at most, so all of them together take no more than those two.
import { HEAD_BYTES, KeySet, KeyTable } from './key-set.js'

const LEAST_ROOM = 8

interface Extent {
  readonly at: number
  readonly bytes: number
}

export class KeySetWriter extends KeySet {
  private extent: Extent = { at: HEAD_BYTES, bytes: KeyTable.bytesFor(LEAST_ROOM) }
  private spare: Extent = { at: 0, bytes: 0 }
  private count = 0

  /** More than `most` keys are a RangeError. */
  constructor(private readonly most: number) {
    const length = HEAD_BYTES + KeyTable.bytesFor(LEAST_ROOM)
    super(new SharedArrayBuffer(length, { maxByteLength: length + 4 * bytesOfPlace(most) }))
    this.publish(new KeyTable(this.memory, HEAD_BYTES, KeyTable.slotsFor(LEAST_ROOM), LEAST_ROOM))
  }

  get size(): number {
    return this.count
  }

  add(key: Uint8Array): void {
    if (this.table.find(key) >= 0) return
    if (this.table.used === this.table.room) {
      const room = Math.min(2 * this.count, this.most)
      const larger = this.draft(Math.max(LEAST_ROOM, room, this.count + 1))
      this.table.copyTo(larger)
      this.replaceBy(larger)
    }
    this.table.put(key)
    this.count++
  }

  remove(key: Uint8Array): void {
    const slot = this.table.find(key)
    if (slot < 0) return
    this.table.crossOut(slot)
    this.count--
  }

  /** An empty table with room for so many, to be filled in the writer's own time. One at a time; it may be let go. */
  draft(room: number): KeyTable {
    if (room > Math.max(this.most, LEAST_ROOM))
      throw new RangeError(`a set of ${this.most} keys has no room for ${room}`)
    const fits = this.spare.bytes >= KeyTable.bytesFor(room)
    if (!fits) {
      const at = this.memory.byteLength
      const bytes = bytesOfPlace(room)
      this.memory.grow(at + bytes)
      this.spare = { at, bytes }
    }
    const draft = new KeyTable(this.memory, this.spare.at, KeyTable.slotsFor(room), room)
    if (fits) draft.clear()
    return draft
  }

  /** From now on the set is what was put into the draft. */
  replaceBy(draft: KeyTable): void {
    const last = this.extent
    this.extent = this.spare
    this.spare = last
    this.count = draft.used
    this.publish(draft)
  }
}

/** Of a place for so many keys. */
function bytesOfPlace(room: number): number {
  return KeyTable.bytesFor(Math.max(LEAST_ROOM, 2 ** Math.ceil(Math.log2(room))))
}
