// A scrape of everything: a million swarms and more, put in order and written piece by piece, so that whoever does it can
// stop at any moment and go on later. Nothing takes longer because somebody chose the hashes.
import { readU16, readU32, writeU32 } from '../base/bytes.js'
import { BencodeWriter } from './bencode-writer.js'
import { writeCounts } from './tracker-http-reply.js'

const HASH = 20
const RECORD = 36
const SHIFT = 12
const RECORDS = 1 << SHIFT
/** Bytes of a swarm in the reply at most: four counts of 32 bits. */
const MOST_WRITTEN = 140
/** Steps from one chance to stop to the next. */
const SORT_STEPS = 4096
const WRITE_STEPS = 512

export class ScrapeList {
  /** 4,096 records of info-hash, seeders, completed, leechers, partial seeds each. */
  private readonly chunks: Uint8Array[] = []
  private count = 0

  get size(): number {
    return this.count
  }

  add(infoHash: Uint8Array, seeders: number, completed: number, leechers: number, partialSeeds: number): void {
    const at = (this.count & (RECORDS - 1)) * RECORD
    let chunk = this.chunks[this.count >> SHIFT]
    if (chunk === undefined) this.chunks.push((chunk = new Uint8Array(RECORDS * RECORD)))
    chunk.set(infoHash, at)
    writeU32(chunk, at + HASH, seeders)
    writeU32(chunk, at + HASH + 4, completed)
    writeU32(chunk, at + HASH + 8, leechers)
    writeU32(chunk, at + HASH + 12, partialSeeds)
    this.count++
  }

  /** Yields whenever it may be left for a while; returns the reply. Nothing may be added from its beginning on. */
  *write(): Generator<void, Uint8Array, void> {
    const order = yield* this.sort()
    const out = new BencodeWriter(order.length * MOST_WRITTEN + 64)
    out.openDictionary().ascii('files').openDictionary()
    let last: Uint8Array | null = null
    for (let i = 0; i < order.length; i++) {
      if (i % WRITE_STEPS === 0) yield
      const chunk = this.chunks[order[i]! >> SHIFT]!
      const at = (order[i]! & (RECORDS - 1)) * RECORD
      const infoHash = chunk.subarray(at, at + HASH)
      // A swarm that moved while they were gathered was met twice.
      if (last !== null && same(last, infoHash)) continue
      last = infoHash
      const count = (place: number): number => readU32(chunk, at + HASH + 4 * place)
      writeCounts(out.bytes(infoHash), count(0), count(1), count(2), count(3))
    }
    return out.close().close().finish()
  }

  /** By the last two bytes, then the two before them, and so on: as long for any hashes. */
  private *sort(): Generator<void, Uint32Array, void> {
    let order = new Uint32Array(this.count)
    let sorted = new Uint32Array(this.count)
    const places = new Uint32Array(0x1_0001)
    for (let i = 0; i < this.count; i++) order[i] = i
    for (let byte = HASH - 2; byte >= 0; byte -= 2) {
      places.fill(0)
      for (let i = 0; i < this.count; i++) {
        if (i % SORT_STEPS === 0) yield
        places[this.digit(i, byte) + 1]!++
      }
      for (let i = 1; i <= 0xffff; i++) places[i]! += places[i - 1]!
      for (let i = 0; i < this.count; i++) {
        if (i % SORT_STEPS === 0) yield
        const record = order[i]!
        sorted[places[this.digit(record, byte)]!++] = record
      }
      const passed = order
      order = sorted
      sorted = passed
    }
    return order
  }

  private digit(record: number, byte: number): number {
    return readU16(this.chunks[record >> SHIFT]!, (record & (RECORDS - 1)) * RECORD + byte)
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < HASH; i++) if (a[i] !== b[i]) return false
  return true
}
