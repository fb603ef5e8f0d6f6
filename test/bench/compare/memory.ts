// Memory that peers take: announced over UDP from 64 addresses, a tenth as many torrents up to 100,000, and counted by scrape.
import { scrapedPeers } from '../load/scraped-peers.js'
import { inTurn, type Measurement } from './measurement.js'
import { tracked, udpLoad } from './tracked.js'

const PEERS_A_SWARM = 10
const MOST_SWARMS = 100_000
const SOURCES = 64
const NUM_WANT = 10
const STEP_SECONDS = 5
/** A tracker that answers fewer in a step will never be full. */
const LEAST_A_STEP = 1000
/** What is known may be a little less than what was announced: some peers are announced twice. */
const LEAST_KNOWN = 0.9

export const memory: Measurement = {
  name: 'memory',
  what: 'peers in a MiB of memory beyond what the empty tracker has, 10 or more to a torrent; counted by scrape',
  units: { rate: 'peers/MiB', cpu: 'CPU us each' },
  able: system => system.track !== undefined,

  measure(setting) {
    const { peers, scratch } = setting
    const swarms = Math.max(1, Math.min(MOST_SWARMS, Math.floor(peers / PEERS_A_SWARM)))
    return inTurn(setting, system =>
      tracked(system, scratch, { swarms }, async ({ child, port }) => {
        const [empty, before] = [child.residentNow, child.cpuSeconds]
        const announced = await fill(port, peers, swarms)
        const [full, cpu] = [child.residentNow, child.cpuSeconds - before]
        const known = await scrapedPeers(port, swarms)
        if (known < LEAST_KNOWN * announced) throw new Error(`${announced} were announced, ${known} are known`)
        const mib = full - empty
        return {
          rate: known / mib,
          cpu: (1e6 * cpu) / announced,
          memory: child.memory,
          more: { 'bytes a peer': (mib * 2 ** 20) / known, 'empty MiB': empty, 'full MiB': full, peers: known },
        }
      }),
    )
  },
}

/** How many were answered: at least `peers`. */
async function fill(port: number, peers: number, swarms: number): Promise<number> {
  const plan = { port, seconds: STEP_SECONDS, swarms, sources: SOURCES, numWant: NUM_WANT }
  let announced = 0
  while (announced < peers) {
    const most = peers - announced
    const { answered, refused, refusal } = await udpLoad({ ...plan, most })
    announced += answered
    if (answered < Math.min(LEAST_A_STEP, most))
      throw new Error(`${answered} answered in ${STEP_SECONDS} s, ${refused} refused: ${refusal}`)
  }
  return announced
}
