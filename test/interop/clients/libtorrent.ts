import { spawnSync } from 'node:child_process'
import { loopback, type Place } from '../places.js'
import type { Program } from '../programs.js'
import type { ForeignClient } from './client.js'

const python = '/usr/bin/python3'

const SESSION = `
import libtorrent as lt, signal, sys, time
mode, source, folder, host, port = sys.argv[1:]
# Pausing makes it say goodbye to those trackers that have answered it: it gets a second, and what they take to answer.
end = None
goodbyes = 0
def leave(*_):
    global end
    session.pause()
    end = time.monotonic() + 1

signal.signal(signal.SIGTERM, leave)
listen = host + ':' + port + (',[::1]:' + port if host == '127.0.0.1' else '')
session = lt.session({'listen_interfaces': listen, 'enable_dht': False, 'enable_lsd': False,
    'enable_upnp': False, 'enable_natpmp': False, 'allow_multiple_connections_per_ip': True,
    'alert_mask': lt.alert.category_t.error_notification | lt.alert.category_t.connect_notification
        | lt.alert.category_t.tracker_notification})
if source.startswith('magnet:'):
    torrent = lt.parse_magnet_uri(source)
else:
    torrent = lt.add_torrent_params()
    torrent.ti = lt.torrent_info(source)
torrent.save_path = folder
if mode == 'part':
    torrent.file_priorities = [4] + [0] * (torrent.ti.num_files() - 1)
torrent = session.add_torrent(torrent)
told = False
while True:
    for alert in session.pop_alerts():
        print(alert.message(), flush=True)
        if end is not None:
            goodbyes += isinstance(alert, lt.tracker_announce_alert)
            goodbyes -= isinstance(alert, (lt.tracker_reply_alert, lt.tracker_error_alert))
    if not told and torrent.status().is_seeding:
        print('whole', flush=True)
        told = True
    if told and mode == 'get' or end is not None and goodbyes < 1 and time.monotonic() > end:
        break
    time.sleep(0.02)
`

const CREATE = `
import libtorrent as lt, os, sys
content, file, tracker = sys.argv[1:]
files = lt.file_storage()
lt.add_files(files, content)
torrent = lt.create_torrent(files, flags=lt.create_torrent.v1_only)
torrent.add_tracker(tracker)
lt.set_piece_hashes(torrent, os.path.dirname(content))
with open(file, 'wb') as out:
    out.write(lt.bencode(torrent.generate()))
`

async function run(at: Place, mode: string, source: string, folder: string): Promise<Program> {
  return at.start(python, ['-c', SESSION, mode, source, folder, at.host, `${await at.port()}`])
}

/** Seeds the first file, which is there, and wants no other. */
export function partialSeed(at: Place, torrent: string, folder: string): Promise<Program> {
  return run(at, 'part', torrent, folder)
}

export const libtorrent: ForeignClient = {
  name: 'libtorrent',
  missing: spawnSync(python, ['-c', 'import libtorrent']).status === 0 ? null : 'python3-libtorrent',
  loopback: true,
  emptyFiles: true,
  farewell: { signal: 'SIGTERM', once: 'received peers' },
  create: (content, torrent, tracker) => loopback.start(python, ['-c', CREATE, content, torrent, tracker]).done(),
  seed: (at, torrent, folder) => run(at, 'seed', torrent, folder),
  async get(at, source, folder) {
    const program = await run(at, 'get', source, folder)
    await program.done()
  },
}
