import { z } from '../../core/kernel/plugin.js'
import { parseNetwork } from './network.js'

const endpoint = z.string().regex(/^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/, 'HOST:PORT, or [ADDRESS]:PORT for IPv6')

export const config = z.strictObject({
  listen: z
    .union([endpoint, z.array(endpoint).min(1)])
    .default('0.0.0.0:6969')
    .describe('HOST:PORT or a list of them; [::]:PORT takes both families, port 0 any free port.'),
  announceHost: z
    .string()
    .min(1)
    .default('auto')
    .describe(
      'Host in the announce URL. "auto": the address listened on, or one of this machine that others may reach.',
    ),
  trustedProxies: z
    .array(z.string().refine(text => parseNetwork(text) !== null, 'an address, or a network as in 10.0.0.0/8'))
    .default([])
    .describe('Addresses and networks whose X-Forwarded-For is believed, and who may claim an address with ip=.'),
  fullScrapeSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('How long a scrape of everything (tracker.fullScrape) is kept and served, once to each address.'),
  fullScrapeMost: z
    .int()
    .min(1)
    .default(1_000_000)
    .describe('Torrents beyond which there is no scrape of everything: one takes 200 to 250 bytes of memory each.'),
})
