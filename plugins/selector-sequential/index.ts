import { PieceSelectors } from '../../core/contracts/piece-selector.js'
import { definePlugin, z } from '../../core/kernel/plugin.js'
import { options } from './config.js'
import { errors } from './errors.js'
import { Sequential } from './sequential.js'

export default definePlugin({
  name: 'selector-sequential',
  config: options,
  provides: [PieceSelectors],
  setup(ctx) {
    ctx.provideNamed(PieceSelectors, 'sequential', {
      create(view, own) {
        const merged = options.safeParse({ ...ctx.config, ...own })
        if (merged.success) return new Sequential(view, merged.data)
        throw errors.make('ERR_SEQUENTIAL_OPTIONS', `selectorOptions: ${z.prettifyError(merged.error)}`)
      },
    })
  },
})
