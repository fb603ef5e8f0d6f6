import { pythonWith } from '../installed.js'
import type { System } from '../system.js'

/** Tuned for speed as its own manual says: many requests on their way, large send buffers, no encryption. */
const SESSION = `
import sys, time
import libtorrent as lt
mode, file, folder, own_port, peer_port = sys.argv[1:]
session = lt.session({
    'listen_interfaces': '127.0.0.1:' + own_port, 'alert_mask': 0,
    'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'out_enc_policy': 2, 'in_enc_policy': 2,
    'max_out_request_queue': 1000, 'max_allowed_in_request_queue': 2000,
    'send_buffer_watermark': 8 << 20, 'send_buffer_low_watermark': 1 << 20})
wish = lt.add_torrent_params()
wish.ti = lt.torrent_info(file)
wish.save_path = folder
wish.trackers = []
wish.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
if mode == 'seed':
    wish.flags |= lt.torrent_flags.seed_mode
torrent = session.add_torrent(wish)
if mode == 'get':
    checking = (lt.torrent_status.states.checking_files, lt.torrent_status.states.checking_resume_data)
    while torrent.status().state in checking:
        time.sleep(0.005)
    torrent.connect_peer(('127.0.0.1', int(peer_port)))
while mode == 'seed' or not torrent.status().is_finished:
    time.sleep(0.01 if mode == 'get' else 1)
`

const python = pythonWith('libtorrent')

export const libtorrent: System = {
  name: 'libtorrent',
  missing:
    python === null ? "no python3 has the module libtorrent: install python3-libtorrent, or pip's libtorrent" : null,
  version: python?.version ?? '',
  get: ({ content, into, ownPort, peerPort }) => ({
    words: [python?.path ?? '', '-c', SESSION, 'get', content.torrent, into, String(ownPort), String(peerPort)],
  }),
  seed: ({ content, port }) => ({
    words: [python?.path ?? '', '-c', SESSION, 'seed', content.torrent, content.folder, String(port), '0'],
  }),
}
