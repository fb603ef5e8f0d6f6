import { PieceSelectors } from '../../core/contracts/piece-selector.js'
import { definePlugin, z } from '../../core/kernel/plugin.js'
import { options } from './config.js'
import { errors } from './errors.js'
import { RarestFirst } from './rarest-first.js'

export default definePlugin({
  name: 'selector-rarest-first',
  config: options,
  provides: [PieceSelectors],
  setup(ctx) {
    ctx.provideNamed(PieceSelectors, 'rarest-first', {
      create(view, own) {
        const merged = options.safeParse({ ...ctx.config, ...own })
        if (merged.success) return new RarestFirst(view, merged.data)
        throw errors.make('ERR_RAREST_FIRST_OPTIONS', `selectorOptions: ${z.prettifyError(merged.error)}`)
      },
    })
  },
})
