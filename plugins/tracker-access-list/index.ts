import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Files } from '../../core/contracts/host.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { AccessList } from './access-list.js'
import { config } from './config.js'
import { ListFile } from './list-file.js'

export default definePlugin({
  name: 'tracker-access-list',
  config,
  requires: [Files],
  provides: [AnnouncePolicies],
  setup(ctx) {
    const { mode, file, checkSeconds } = ctx.config
    const list = new AccessList(mode)
    const watched = new ListFile(list, file, ctx.get(Files), ctx.host.log)
    ctx.provide(AnnouncePolicies, list)
    return {
      start: () => watched.start(ctx.host.clock, checkSeconds),
      stop: () => watched.stop(),
    }
  },
})
