import { splitHostPort } from '../../core/base/address.js'
import { z } from '../../core/kernel/plugin.js'

export const config = z.strictObject({
  peers: z
    .array(
      z.string().refine(text => (splitHostPort(text)?.port ?? 0) > 0, {
        error: 'a peer is HOST:PORT, as in 192.0.2.7:6881 or [2001:db8::7]:6881',
      }),
    )
    .default([])
    .describe('Peers to connect to, as HOST:PORT; asked again until they answer'),
})
