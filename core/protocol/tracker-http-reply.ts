// Replies of an HTTP tracker (BEP 3, 7, 21, 23, 24, 48), keys in order. Written by hand: the keys of a scrape are bytes.
import { endpointOf, formatIp } from '../base/address.js'
import { compareBytes, readU16 } from '../base/bytes.js'
import { BencodeWriter } from './bencode-writer.js'
import { compactLength } from './compact-peers.js'

/** What is told of a swarm. The shape of the tracker's own reply fits. */
export interface AnnounceAnswer {
  readonly interval: number
  readonly minInterval: number
  readonly seeders: number
  readonly leechers: number
  /** Compact peers of the requester's family at its front. */
  readonly peers: Uint8Array
  readonly peerBytes: number
}

export interface AnswerOptions {
  /** The requester's: v4 peers stand in `peers`, v6 peers in `peers6`. */
  readonly family: 4 | 6
  /** False: peers as dictionaries of `ip` and `port`, both families in `peers`. */
  readonly compact: boolean
  /** BEP 24: the requester's address, 4 or 16 bytes. */
  readonly externalIp?: Uint8Array
  readonly warning?: string
}

const noBytes = new Uint8Array(0)

/** Into a writer that is used for one reply after the other: the bytes are good until the next. */
export function writeHttpAnnounce(
  answer: AnnounceAnswer,
  options: AnswerOptions,
  out = new BencodeWriter(160 + answer.peerBytes),
): Uint8Array {
  out.reset().openDictionary()
  out.ascii('complete').integer(answer.seeders)
  if (options.externalIp !== undefined) out.ascii('external ip').bytes(options.externalIp)
  out.ascii('incomplete').integer(answer.leechers)
  out.ascii('interval').integer(answer.interval)
  out.ascii('min interval').integer(answer.minInterval)
  const peers = answer.peers.subarray(0, answer.peerBytes)
  // `peers` stands in every reply: some clients take one without it for broken.
  if (!options.compact) writeDictionaries(out.ascii('peers'), peers, options.family)
  else if (options.family === 4) out.ascii('peers').bytes(peers)
  else out.ascii('peers').bytes(noBytes).ascii('peers6').bytes(peers)
  if (options.warning !== undefined) out.ascii('warning message').text(options.warning)
  return out.close().finish()
}

function writeDictionaries(out: BencodeWriter, peers: Uint8Array, family: 4 | 6): void {
  const stride = compactLength(family)
  out.openList()
  for (let at = 0; at + stride <= peers.length; at += stride) {
    const { ip } = endpointOf(peers.subarray(at, at + stride - 2), 0)
    out.openDictionary().ascii('ip').ascii(formatIp(ip))
    out
      .ascii('port')
      .integer(readU16(peers, at + stride - 2))
      .close()
  }
  out.close()
}

/** HTTP status 200 goes with it: clients show the reason only then. `retryMinutes`: BEP 31. */
export function writeHttpFailure(reason: string, retryMinutes?: number | 'never'): Uint8Array {
  const out = new BencodeWriter().openDictionary().ascii('failure reason').text(reason)
  if (typeof retryMinutes === 'number') out.ascii('retry in').integer(retryMinutes)
  else if (retryMinutes === 'never') out.ascii('retry in').ascii('never')
  return out.close().finish()
}

export interface ScrapeEntry {
  readonly infoHash: Uint8Array
  readonly seeders: number
  readonly completed: number
  readonly leechers: number
  /** Of the leechers (BEP 21). */
  readonly partialSeeds: number
}

/** Each hash once, in byte order. */
export function writeHttpScrape(entries: readonly ScrapeEntry[]): Uint8Array {
  const out = new BencodeWriter(64 + 110 * entries.length)
  out.openDictionary().ascii('files').openDictionary()
  let last: Uint8Array = noBytes
  for (const entry of entries.toSorted((a, b) => compareBytes(a.infoHash, b.infoHash))) {
    if (compareBytes(entry.infoHash, last) === 0) continue
    last = entry.infoHash
    writeCounts(out.bytes(entry.infoHash), entry.seeders, entry.completed, entry.leechers, entry.partialSeeds)
  }
  return out.close().close().finish()
}

/** What a scrape says of one swarm. */
export function writeCounts(
  out: BencodeWriter,
  seeders: number,
  completed: number,
  leechers: number,
  partialSeeds: number,
): void {
  out.openDictionary()
  out.ascii('complete').integer(seeders)
  out.ascii('downloaded').integer(completed)
  out.ascii('downloaders').integer(leechers - partialSeeds)
  out.ascii('incomplete').integer(leechers)
  out.close()
}
