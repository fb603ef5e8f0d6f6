// A plugin like one that lies beside somebody's profile, with a selector that answers nonsense of the kind it is told.
import { PieceSelectors } from '../../core/contracts/piece-selector.js'
import { definePlugin, z } from '../../core/kernel/plugin.js'
import { badSelectors } from '../fixtures/bad-selectors.js'

export default definePlugin({
  name: 'bad-selector',
  config: z.strictObject({ kind: z.string().describe('which nonsense') }),
  provides: [PieceSelectors],
  setup(ctx) {
    const factory = badSelectors[ctx.config.kind]
    if (factory === undefined) throw new Error(`there is no bad selector that ${ctx.config.kind}`)
    ctx.provideNamed(PieceSelectors, 'bad', factory)
  },
})
