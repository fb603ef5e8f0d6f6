// Good inputs to begin from: made here, and from the fixtures folder where it is.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { writeExtensionHandshake, writeMetadataAnswer, writeMetadataRequest } from '../../core/protocol/extensions.js'
import { fixtureBytes, fixturesFolder, haveFixtures } from '../unit/protocol/fixtures.js'

export function text(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, 'latin1'))
}

const info = { name: 'n', 'piece length': 16384, pieces: new Uint8Array(40), private: 1 }
const files = [
  { length: 20_000, path: ['a', 'b'] },
  { length: 5, path: ['a', 'c.txt'], attr: 'p' },
]
const tree = { a: { b: { '': { length: 20_000, 'pieces root': new Uint8Array(32).fill(3) } } } }

export const torrents: readonly Uint8Array[] = [
  encodeBencode({ announce: 'http://a/announce', info: { ...info, length: 20_000 } }),
  encodeBencode({ 'announce-list': [['udp://a:1'], ['http://b/announce']], info: { ...info, files } }),
  encodeBencode({
    info: { name: 'n', 'piece length': 16384, 'meta version': 2, 'file tree': tree },
    'url-list': ['http://x'],
  }),
  ...published(),
]

export const extensionMessages: readonly Uint8Array[] = [
  writeExtensionHandshake({ client: 'Shoal', port: 6881, metadataSize: 500, yourIp: Uint8Array.of(1, 2, 3, 4) }),
  writeMetadataRequest(0),
  writeMetadataAnswer(new Uint8Array(500), 0),
]

/** Small ones only: what matters is their shape. */
function published(): Uint8Array[] {
  if (!haveFixtures()) return []
  const names = readdirSync(join(fixturesFolder, 'libtorrent')).filter(name => name.endsWith('.torrent'))
  return names.map(name => fixtureBytes(`libtorrent/${name}`)).filter(bytes => bytes.length < 2000)
}
