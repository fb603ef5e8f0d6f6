import { npmFolder, npmScript, npmVersion } from '../installed.js'
import type { System } from '../system.js'

const GET = `
import { readFileSync } from 'node:fs'
import WebTorrent from 'webtorrent'
const [, file, path, port] = process.argv
const client = new WebTorrent({ dht: false, lsd: false, tracker: false, utp: false, natUpnp: false, natPmp: false, secure: false })
const torrent = client.add(readFileSync(file), { path, announce: [] })
torrent.on('ready', () => torrent.addPeer('127.0.0.1:' + port))
torrent.on('done', () => process.exit())
`

const SEED = `
import { readFileSync } from 'node:fs'
import WebTorrent from 'webtorrent'
const [, file, path, port] = process.argv
const alone = { dht: false, lsd: false, tracker: false, utp: false, natUpnp: false, natPmp: false, secure: false }
const client = new WebTorrent({ ...alone, torrentPort: Number(port) })
client.add(readFileSync(file), { path, announce: [], skipVerify: true })
`

const CREATE = `
import { writeFileSync } from 'node:fs'
import create from 'create-torrent'
const [, path, target, pieceLength] = process.argv
create(path, { pieceLength: Number(pieceLength), announceList: [] }, (error, torrent) => {
  if (error) throw error
  writeFileSync(target, torrent)
})
`

const webtorrentFolder = npmFolder('webtorrent')
const createFolder = npmFolder('create-torrent')
const wanting = (name: string): string =>
  `npm's ${name} is in no folder named by SHOAL_PEERS: npm install ${name} there`

export const webtorrent: System = {
  name: 'webtorrent',
  missing: webtorrentFolder === null ? wanting('webtorrent') : null,
  version: npmVersion(webtorrentFolder, 'webtorrent'),
  get: ({ content, into, peerPort }) => npmScript(webtorrentFolder, GET, content.torrent, into, String(peerPort)),
  seed: ({ content, port }) => npmScript(webtorrentFolder, SEED, content.torrent, content.folder, String(port)),
}

export const createTorrent: System = {
  name: 'create-torrent',
  missing: createFolder === null ? wanting('create-torrent') : null,
  version: npmVersion(createFolder, 'create-torrent'),
  create: ({ content, target }) => npmScript(createFolder, CREATE, content.path, target, String(content.pieceLength)),
}
