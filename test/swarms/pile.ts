// Content of any size for simulated nodes: one file of seeded bytes, and its torrent.
import { createHash } from 'node:crypto'
import { toHex } from '../../core/base/bytes.js'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { fillContent } from '../../core/sim/content.js'
import type { SimNode } from '../../core/sim/node.js'

const FOLDER = '/content'

export class Pile {
  readonly bytes: Uint8Array
  readonly torrent: Uint8Array
  readonly hash: string
  readonly file: string

  constructor(
    readonly name: string,
    length: number,
    pieceLength: number,
  ) {
    this.bytes = new Uint8Array(length)
    fillContent(length + name.length, 0, this.bytes)
    const pieces: Buffer[] = []
    for (let at = 0; at < length; at += pieceLength) {
      const piece = this.bytes.subarray(at, at + pieceLength)
      pieces.push(createHash('sha1').update(piece).digest())
    }
    this.torrent = encodeBencode({ info: { name, 'piece length': pieceLength, length, pieces: Buffer.concat(pieces) } })
    this.hash = toHex(parseMetainfo(this.torrent).infoHash)
    this.file = `/torrents/${name}.torrent`
  }

  /** Puts the .torrent on a machine; with `whole` the content too. */
  bring(machine: SimNode, whole: boolean): void {
    machine.disk.write(this.file, 0, this.torrent)
    if (whole) machine.disk.write(`${FOLDER}/${this.name}`, 0, this.bytes)
  }

  /** As the profile of a client names it. */
  entry(options: object = {}): object {
    return { file: this.file, into: FOLDER, ...options }
  }

  isWhole(machine: SimNode): boolean {
    const held = machine.disk.file(`${FOLDER}/${this.name}`)?.bytes()
    return held !== undefined && Buffer.compare(held, this.bytes) === 0
  }
}
