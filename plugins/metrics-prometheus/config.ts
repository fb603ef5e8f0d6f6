import { z } from '../../core/kernel/plugin.js'

const endpoint = z.string().regex(/^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/, 'HOST:PORT, or [ADDRESS]:PORT for IPv6')

export const config = z.strictObject({
  listen: z
    .union([endpoint, z.array(endpoint).min(1)])
    .default('127.0.0.1:9469')
    .describe('HOST:PORT or a list of them, for /metrics and /health; port 0: any free port. There is no password.'),
  lateMs: z
    .number()
    .positive()
    .max(60_000)
    .default(1000)
    .describe('The node is unwell when its event loop was late by more than this within the last ten seconds.'),
})
