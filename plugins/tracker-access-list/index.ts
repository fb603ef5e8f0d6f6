import { KeySetWriter } from '../../core/base/key-set-writer.js'
import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Files } from '../../core/contracts/host.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { AccessList } from './access-list.js'
import { config } from './config.js'
import { ListFile, MOST_HASHES } from './list-file.js'

export default definePlugin({
  name: 'tracker-access-list',
  config,
  requires: [Files],
  provides: [AnnouncePolicies],
  threaded: () => [AnnouncePolicies],
  setup(ctx) {
    const { mode, file, checkSeconds } = ctx.config
    const { clock, log } = ctx.host
    const hashes = new KeySetWriter(MOST_HASHES)
    const watched = new ListFile(hashes, file, ctx.get(Files), clock, log)
    ctx.provide(AnnouncePolicies, new AccessList(mode, hashes))
    return {
      start: () => watched.start(checkSeconds),
      stop: () => watched.stop(),
    }
  },
})
