import { readU32 } from '../../../core/base/bytes.js'
import { writeHandshake } from '../../../core/protocol/handshake.js'
import { peerIdOf } from '../../../core/protocol/ids.js'
import type { SmallSwarm, TestLink } from './small-swarm.js'

/** A far end that the test speaks for: what it was sent, and words to send. */
export class Stranger {
  heard = Buffer.alloc(0)
  closed = false

  constructor(
    private readonly link: TestLink,
    swarm: SmallSwarm,
    id = 77,
  ) {
    link.open({
      onData: chunk => {
        this.heard = Buffer.concat([this.heard, chunk])
      },
      onWritable: () => {},
      onClose: () => {
        this.closed = true
      },
    })
    const hello = new Uint8Array(68)
    writeHandshake(hello, 0, swarm.infoHash, peerIdOf(new Uint8Array(20).fill(id))!)
    link.write(hello)
  }

  say(writer: (out: Uint8Array, at: number) => number): void {
    const out = new Uint8Array(200_000)
    this.link.write(out.slice(0, writer(out, 0)))
  }

  bytes(...bytes: number[]): void {
    this.link.write(Uint8Array.from(bytes))
  }

  /** Ids of the messages heard, the handshake left out. */
  get messages(): readonly { readonly id: number; readonly body: Uint8Array }[] {
    const list = []
    for (let at = 68; at + 4 < this.heard.length;) {
      const length = readU32(this.heard, at)
      list.push({ id: this.heard[at + 4] ?? -1, body: this.heard.subarray(at + 5, at + 4 + length) })
      at += 4 + length
    }
    return list
  }
}
