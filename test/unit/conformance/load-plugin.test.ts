import { expect } from 'chai'
import { definePlugin, token, z } from '../../../core/kernel/plugin.js'
import { loadPlugin } from '../../conformance/load-plugin.js'

const Lamp = token.one<string>('lamp')
const Shades = token.named<number>('shades')

const plugin = definePlugin({
  name: 'shop',
  config: z.strictObject({ price: z.int().default(3) }),
  requires: [Lamp],
  provides: [Shades],
  setup(ctx) {
    ctx.provideNamed(Shades, ctx.get(Lamp), ctx.config.price)
  },
})

describe('loadPlugin', () => {
  it('gives what a plugin provides, over given values and its own defaults', async () => {
    const shop = await loadPlugin(plugin, {}, [[Lamp, 'tall']])
    expect(shop.provided(Shades).get('tall')).to.equal(3)
    await shop.stop()
    await shop.stop()
  })

  it('refuses what a node would refuse', async () => {
    for (const [options, given, code] of [
      [{}, [], 'ERR_LINK_MISSING'],
      [{ price: 'x' }, [[Lamp, 'tall']], 'ERR_CONFIG_VALUE'],
    ] as const) {
      const error: unknown = await loadPlugin(plugin, options, given).catch((reason: unknown) => reason)
      expect(error).to.have.property('code', code)
    }
  })
})
