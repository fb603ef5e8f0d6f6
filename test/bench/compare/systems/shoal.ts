import { shoalWords } from '../../shoal-words.js'
import { shoalTracker } from '../../shoal-tracker.js'
import type { System } from '../system.js'

export const shoal: System = {
  name: 'shoal',
  missing: null,
  version: 'this tree',
  get: ({ content, into, peerPort }) => ({
    words: shoalWords('get', content.torrent, '-o', into, '--peer', `127.0.0.1:${peerPort}`, '--json'),
  }),
  seed: ({ content, port, state }) => ({
    words: shoalWords('seed', content.path, '--torrent', content.torrent, '--port', String(port), '--json'),
    env: { XDG_STATE_HOME: state },
  }),
  create: ({ content, target }) => ({
    words: shoalWords('create', content.path, '-o', target, '--piece-length', String(content.pieceLength), '--json'),
  }),
  track: ({ port, folder, io, threads }) => {
    const at = `127.0.0.1:${port}`
    const options = { ...(io === undefined ? {} : { io }), ...(threads === undefined ? {} : { threads }) }
    if (Object.keys(options).length > 0) return shoalTracker({ port, folder, options: { 'tracker-udp': options } })
    return { words: shoalWords('track', '--http', at, '--udp', at, '--json'), cwd: folder }
  },
}
