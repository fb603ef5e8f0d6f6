// Counts a tracker's peers back: seeders and leechers of all torrents that a load announced, by UDP scrape.
import { createSocket } from 'node:dgram'
import {
  readUdpConnectReply,
  readUdpScrapeReply,
  udpReplyAction,
  udpReplyTransaction,
  writeUdpConnect,
  writeUdpScrape,
} from '../../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../../core/protocol/tracker-udp.js'
import { hashOf } from './workload.js'

const AT_ONCE = 50
const TRIES = 5
const WAIT_MS = 1000

export async function scrapedPeers(port: number, swarms: number): Promise<number> {
  const socket = createSocket('udp4')
  let heard: (bytes: Uint8Array) => void = () => {}
  socket.on('message', bytes => heard(bytes)).on('error', () => undefined)
  const packet = new Uint8Array(1500)
  const ask = async (transaction: number, action: number, length: number): Promise<Uint8Array> => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await new Promise<Uint8Array | null>(resolve => {
        const timer = setTimeout(() => resolve(null), WAIT_MS)
        heard = bytes => {
          if (udpReplyAction(bytes) !== action || udpReplyTransaction(bytes) !== transaction) return
          clearTimeout(timer)
          resolve(bytes)
        }
        socket.send(packet.subarray(0, length), port, '127.0.0.1')
      })
      if (answer !== null) return answer
    }
    throw new Error('the tracker answers no scrape')
  }
  try {
    const id = readUdpConnectReply(await ask(1, UdpAction.Connect, writeUdpConnect(packet, 1)))
    if (id === null) throw new Error('the tracker gives no connection id')
    let peers = 0
    for (let first = 0; first < swarms; first += AT_ONCE) {
      const hashes = Array.from({ length: Math.min(AT_ONCE, swarms - first) }, (_, i) => hashOf(first + i))
      const transaction = first + 2
      const answer = await ask(transaction, UdpAction.Scrape, writeUdpScrape(packet, id, transaction, hashes))
      for (const { seeders, leechers } of readUdpScrapeReply(answer, hashes.length) ?? []) peers += seeders + leechers
    }
    return peers
  } finally {
    socket.close()
  }
}
