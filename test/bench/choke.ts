// The round of every ten seconds in which it is decided who may download: 200 peers, most of them wanting something.
import { Bitfield } from '../../core/base/bitfield.js'
import { createRandom } from '../../core/base/random.js'
import { ChokeRound } from '../../core/torrent/choke-round.js'
import { PeerFlag, PeerTable } from '../../core/torrent/peer-table.js'
import { TitForTat } from '../../plugins/choke-tit-for-tat/tit-for-tat.js'
import { TablePeer } from '../unit/torrent/table-peer.js'
import type { Bench } from './bench.js'

const PEERS = 200

function round(label: string, seeding: boolean): Bench {
  return {
    name: `choke: a round of ${PEERS} peers, ${label}`,
    prepare() {
      const table = new PeerTable(PEERS)
      const random = createRandom(11)
      const policy = new TitForTat({ optimisticSlots: 1, trialSeconds: 30 })
      const choking = new ChokeRound(table, policy, 32, random, error => {
        throw error
      })
      const peers = Array.from({ length: PEERS }, () => TablePeer.join(table, new Bitfield(8)))
      let now = 0
      return {
        run() {
          now += 10_000
          for (const { slot } of peers) {
            table.set(slot, PeerFlag.TheyWant, random.below(5) > 0)
            table.upRate[slot] = random.below(1 << 20)
            table.downRate[slot] = random.below(1 << 20)
          }
          // 4 MB a second: enough for all slots.
          choking.tick(now, seeding, now * 4_000)
        },
        facts: () => ({ unchoked: peers.filter(peer => !peer.choked).length }),
      }
    },
  }
}

export const chokeBenches: readonly Bench[] = [round('downloading', false), round('seeding', true)]
