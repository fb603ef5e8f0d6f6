// What a torrent costs a node when nobody wants it: memory over a node that has none, and CPU time.
import type { Trial } from './bench.js'
import { measureCrowd } from './many-torrents.js'

export const idleTrials: readonly Trial[] = [
  {
    name: 'idle: torrents that nobody wants',
    only: 'linux',
    async measure({ quick }) {
      const torrents = quick ? 100 : 1000
      const facts = await measureCrowd({
        name: 'idle',
        torrents,
        pieces: 64,
        pieceLength: 16_384,
        share: false,
        announce: 'none',
        idleSeconds: quick ? 2 : 10,
        download: 0,
      })
      const percent = facts['idleCpuPercent'] ?? NaN
      return { ...facts, idleCpuMicrosecondsEachASecond: (percent * 1e4) / torrents }
    },
  },
]
