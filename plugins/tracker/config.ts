import { z } from '../../core/kernel/plugin.js'
import { MOST_PER_SECOND } from '../../core/tracker/prefix-rate.js'

export const config = z.strictObject({
  intervalSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(1800)
    .describe('How often clients are to announce; drawn out by up to a tenth, at random.'),
  minIntervalSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('How soon clients may announce again of their own accord; told to clients of the HTTP tracker.'),
  peersPerReply: z
    .int()
    .min(0)
    .max(200)
    .default(50)
    .describe('Peers given to those who do not say how many they want. Nobody gets more than 200.'),
  peerTimeoutSeconds: z
    .number()
    .positive()
    .max(604_800)
    .default(3600)
    .describe('A peer that has been silent for so long is forgotten; more than the interval, or peers come and go.'),
  maxSwarms: z
    .int()
    .min(1)
    .default(2_000_000)
    .describe('Torrents at one time, counted once for each family they have peers in; further ones are refused.'),
  maxPeers: z
    .int()
    .min(1)
    .default(16_000_000)
    .describe('Peers at one time, over all torrents; further ones are refused.'),
  maxPeersPerAddress: z
    .int()
    .min(1)
    .default(1000)
    .describe('Peers of one address (of one /64 of IPv6) in one torrent; further ones are refused.'),
  ratePerPrefix: z
    .int()
    .min(0)
    .max(MOST_PER_SECOND)
    .default(0)
    .describe('Announces and scrapes a second that each /24 of IPv4 or /48 of IPv6 may make; 0: as many as it likes.'),
  fullScrape: z
    .boolean()
    .default(false)
    .describe('Whether an HTTP scrape without an info-hash names every torrent there is.'),
})
