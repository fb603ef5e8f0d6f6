import { Choke } from '../../core/contracts/choke-policy.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { options } from './config.js'
import { TitForTat } from './tit-for-tat.js'

export default definePlugin({
  name: 'choke-tit-for-tat',
  config: options,
  provides: [Choke],
  setup(ctx) {
    ctx.provide(Choke, new TitForTat(ctx.config))
  },
})
