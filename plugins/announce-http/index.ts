import { Http, NameLookup } from '../../core/contracts/host.js'
import { TrackerClients } from '../../core/contracts/tracker-client.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { HttpTrackerClient } from './http-tracker-client.js'

export default definePlugin({
  name: 'announce-http',
  requires: [Http, NameLookup],
  provides: [TrackerClients],
  setup(ctx) {
    const client = new HttpTrackerClient(ctx.get(Http), ctx.get(NameLookup))
    ctx.provideNamed(TrackerClients, 'http', client)
    ctx.provideNamed(TrackerClients, 'https', client)
  },
})
