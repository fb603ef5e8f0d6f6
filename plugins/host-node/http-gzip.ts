// Packs bodies of any size in the threads of zlib. The main thread never handles more than a small part at a time, and
// never copies the whole.
import { createGzip } from 'node:zlib'

const IN_BYTES = 1024 * 1024
const OUT_BYTES = 256 * 1024

export function gzip(body: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // Room for what cannot be packed; memory that is not written to costs nothing.
    const out = new Uint8Array(body.length + (body.length >> 8) + 1024)
    let length = 0
    // Hashes do not pack at all, what stands between them does at any level.
    const stream = createGzip({ level: 1, chunkSize: OUT_BYTES })
    stream.on('error', reject)
    stream.on('data', (part: Buffer) => {
      out.set(part, length)
      length += part.length
    })
    stream.on('end', () => resolve(out.subarray(0, length)))
    let at = 0
    const feed = (): void => {
      if (at >= body.length) return void stream.end()
      const part = body.subarray(at, at + IN_BYTES)
      at += part.length
      stream.write(part, feed)
    }
    feed()
  })
}
