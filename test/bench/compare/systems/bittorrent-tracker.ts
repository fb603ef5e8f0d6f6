import { npmFolder, npmScript, npmVersion } from '../installed.js'
import type { System } from '../system.js'

const TRACK = `
import Server from 'bittorrent-tracker/server'
const server = new Server({ udp: true, http: true, ws: false, stats: false })
server.on('error', () => {})
server.on('warning', () => {})
server.listen(Number(process.argv[1]), '127.0.0.1')
`

const folder = npmFolder('bittorrent-tracker')

export const bittorrentTracker: System = {
  name: 'bittorrent-tracker',
  missing:
    folder === null
      ? "npm's bittorrent-tracker is in no folder named by SHOAL_PEERS: npm install bittorrent-tracker there"
      : null,
  version: npmVersion(folder, 'bittorrent-tracker'),
  track: ({ port }) => npmScript(folder, TRACK, String(port)),
}
