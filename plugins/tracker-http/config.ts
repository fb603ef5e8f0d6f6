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
})
