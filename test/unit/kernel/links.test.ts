import { expect } from 'chai'
import { definePlugin, token, z, type Links } from '../../../core/kernel/plugin.js'
import { failure, toyNode } from './toy-node.js'

interface Bulb {
  readonly inThread?: unknown
}

const Bulbs = token.many<Bulb>('bulbs')
const Lamp = token.one<Bulb>('lamp')

const bulb = (name: string, value: Bulb, threaded?: () => (typeof Bulbs)[]): unknown =>
  definePlugin({
    name,
    provides: [Bulbs],
    ...(threaded === undefined ? {} : { threaded }),
    setup: ctx => ctx.provide(Bulbs, value),
  })

const lamp = definePlugin({
  name: 'lamp',
  config: z.strictObject({ fixed: z.boolean().default(false) }),
  requires: [Bulbs],
  provides: [Lamp],
  threaded: ({ fixed }, links) => (!fixed && links.providers(Bulbs).every(({ threaded }) => threaded) ? [Lamp] : []),
  notes: (_, links) => links.providers(Bulbs).map(({ id, threaded }) => `${id}: ${threaded ? 'threads' : 'main'}`),
  setup: ctx => ctx.provide(Lamp, { inThread: undefined }),
})

const user = definePlugin({
  name: 'user',
  requires: [Lamp],
  notes: (_, links) => links.providers(Lamp).map(({ id, threaded }) => `light of ${id}: ${threaded}`),
  setup() {},
})

async function explained(modules: Readonly<Record<string, unknown>>, config: object = {}): Promise<string> {
  const entries = Object.keys(modules).map(use => ({ use, ...(use === 'builtin:lamp' ? { config } : {}) }))
  const { kernel } = toyNode({ files: { 'profile.json': { plugins: entries } }, modules })
  await kernel.load()
  return kernel.explain()
}

describe('what can be opened in threads', () => {
  const base = { 'builtin:lamp': lamp, 'builtin:user': user }
  const movable = bulb('movable', { inThread: 1 }, () => [Bulbs])

  it('is explained, through all that depends on it and on its options', async () => {
    const whole = await explained({ ...base, 'builtin:movable': movable })
    expect(whole).to.include('provides  bulbs -> lamp, in threads too')
    expect(whole).to.include('provides  lamp -> user, in threads too')
    expect(whole).to.include('note      movable: threads').and.include('note      light of lamp: true')
    const held = await explained({ ...base, 'builtin:movable': movable, 'builtin:plain': bulb('plain', {}) })
    expect(held).to.include('note      movable: threads\n  note      plain: main')
    expect(held).to.include('provides  lamp -> user\n').and.include('note      light of lamp: false')
    const fixed = await explained({ ...base, 'builtin:movable': movable }, { fixed: true })
    expect(fixed).to.include('note      light of lamp: false')
  })

  it('is nothing where a plugin asks about itself, or fails to say', async () => {
    let seen: ReturnType<Links['providers']> = []
    const vain = definePlugin({
      name: 'vain',
      provides: [Bulbs],
      threaded(_, links) {
        seen = links.providers(Bulbs)
        return seen.every(({ threaded }) => threaded) ? [Bulbs] : []
      },
      setup: ctx => ctx.provide(Bulbs, {}),
    })
    expect(await explained({ ...base, 'builtin:vain': vain })).to.include('note      vain: main')
    expect(seen).to.deep.equal([{ id: 'vain', threaded: false }])
    const broken = bulb('broken', {}, () => {
      throw new Error('no idea')
    })
    const text = await explained({ ...base, 'builtin:broken': broken })
    expect(text).to.include('note      broken: main').and.include('its notes cannot be read: no idea')
  })

  it('is what setup provides with an inThread, even one that is undefined', async () => {
    const start = (module: unknown): ReturnType<typeof toyNode> =>
      toyNode({ files: { 'profile.json': { plugins: [{ use: 'builtin:x' }] } }, modules: { 'builtin:x': module } })
    for (const value of [{ inThread: undefined }, { inThread: 1 }]) {
      await start(bulb('x', value, () => [Bulbs])).kernel.start()
    }
    const error = await failure(start(bulb('x', {}, () => [Bulbs])).kernel.start())
    expect(error).to.include({ code: 'ERR_PLUGIN_BROKEN_PROMISE', blame: 'defect' })
    expect(error.message).to.include('"x" provided "bulbs" without "inThread"')
  })

  it('is said by a function', async () => {
    const bad = { ...(bulb('x', {}) as object), threaded: [Bulbs] }
    const { kernel } = toyNode({
      files: { 'profile.json': { plugins: [{ use: 'builtin:x' }] } },
      modules: { 'builtin:x': bad },
    })
    expect((await failure(kernel.load())).message).to.include('"threaded" as a function of the options')
  })
})
