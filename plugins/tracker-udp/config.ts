import { z } from '../../core/kernel/plugin.js'

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
  io: z
    .enum(['auto', 'dgram', 'mmsg'])
    .default('auto')
    .describe(
      'How packets are read and sent: "mmsg" many at a time, by batched system calls in threads; "dgram" one by one on the main thread; "auto" mmsg where it can be.',
    ),
  threads: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('Threads that answer, for each address listened on; with "dgram" the main thread answers alone.'),
  leewaySeconds: z
    .int()
    .min(0)
    .max(3600)
    .default(0)
    .describe(
      'How long a connection id is taken beyond its two minutes, for clients that do not ask for a new one in time.',
    ),
})
