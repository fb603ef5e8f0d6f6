import { expect } from 'chai'
import { definePlugin, path, z } from '../../../core/kernel/plugin.js'
import { faultsOf, toyNode, type ToyWorld } from './toy-node.js'

const lamp = definePlugin({
  name: 'lamp',
  config: z.strictObject({
    light: z.string().default('warm'),
    file: path().optional(),
    files: z.array(z.strictObject({ at: path() })).default([]),
    dim: z.strictObject({ from: z.int().default(0), to: z.int().default(9) }).prefault({}),
    spare: path().default('./spare'),
  }),
  setup() {},
})
const modules = { 'builtin:lamp': lamp, 'lamps/lamp.js': lamp }

/** The options of each plugin, by id. */
async function loaded(files: ToyWorld['files'], set: readonly string[] = []): Promise<Record<string, unknown>> {
  const { kernel } = toyNode({ files: { ...files }, modules }, { set, env: { HOME: '/home/me', EMPTY: '' } })
  await kernel.load()
  return Object.fromEntries(kernel.plugins.map(part => [part.id, part.options]))
}

describe('profile', () => {
  it('fills in defaults and freezes what it gives', async () => {
    const { lamp: options } = await loaded({ 'profile.json': { plugins: [{ use: 'builtin:lamp' }] } })
    expect(options).to.deep.equal({ light: 'warm', files: [], dim: { from: 0, to: 9 }, spare: '/work/spare' })
    expect(Object.isFrozen(options)).to.equal(true)
    expect(Reflect.set((options as { dim: object }).dim, 'from', 1)).to.equal(false)
  })

  it('lays profiles over one another by id: objects deep, arrays replaced', async () => {
    const files = {
      'profile.json': {
        extends: ['./base.json'],
        plugins: [
          { id: 'lamp', config: { dim: { to: 5 }, files: [{ at: 'c' }] } },
          { id: 'gone', enabled: false },
        ],
      },
      'base.json': {
        plugins: [
          { use: 'builtin:lamp', config: { dim: { from: 2 }, files: [{ at: 'a' }, { at: 'b' }] } },
          { id: 'gone', use: 'builtin:lamp' },
        ],
      },
    }
    expect(await loaded(files)).to.deep.equal({
      lamp: { light: 'warm', dim: { from: 2, to: 5 }, files: [{ at: '/work/c' }], spare: '/work/spare' },
    })
  })

  it('resolves a path against the file that wrote it, also after merging, and --set against the working directory', async () => {
    const files = {
      'profile.json': {
        extends: ['./deep/base.json'],
        plugins: [{ id: 'lamp', config: { files: [{ at: '../up' }] } }],
      },
      'deep/base.json': { plugins: [{ use: 'builtin:lamp', config: { file: 'here', spare: '/abs' } }] },
    }
    const written = await loaded(files)
    expect(written['lamp']).to.deep.include({ file: '/work/deep/here', files: [{ at: '/up' }], spare: '/abs' })
    const { lamp: options } = await loaded(files, ['lamp.file=here', 'lamp.files=[{"at":"there"}]'])
    expect(options).to.deep.include({ file: '/work/here', files: [{ at: '/work/there' }] })
  })

  it('takes a file that two others extend once, before both', async () => {
    const files = {
      'profile.json': { extends: ['./left.json', './right.json'] },
      'left.json': { extends: ['./base.json'], plugins: [{ id: 'lamp', config: { light: 'left' } }] },
      'right.json': { extends: ['./base.json'], plugins: [{ id: 'lamp', config: { dim: { to: 1 } } }] },
      'base.json': { plugins: [{ use: 'builtin:lamp', config: { light: 'base' } }] },
    }
    expect((await loaded(files))['lamp']).to.deep.include({ light: 'left', dim: { from: 0, to: 1 } })
  })

  it('runs one plugin under two ids, and names the plugin of a file by itself', async () => {
    const plugins = [
      { id: 'hall', use: 'builtin:lamp' },
      { id: 'lobby', use: 'builtin:lamp' },
      { use: './lamps/lamp.js' },
    ]
    const set = ['lamp.light=cold', 'hall.dim.from=3']
    const options = await loaded({ 'profile.json': { plugins } }, set)
    expect(Object.keys(options)).to.deep.equal(['hall', 'lobby', 'lamp'])
    expect(options['lamp']).to.include({ light: 'cold' })
    expect(options['hall']).to.deep.include({ light: 'warm', dim: { from: 3, to: 9 } })
  })

  it('reads --set values as JSON where they are, else as text', async () => {
    const profile = { plugins: [{ use: 'builtin:lamp' }] }
    for (const [written, light] of [
      ['127.0.0.1:0', '127.0.0.1:0'],
      ['"5"', '5'],
      ['a=b', 'a=b'],
      ['', ''],
    ]) {
      const options = await loaded({ 'profile.json': profile }, [`lamp.light=${written}`])
      expect(options['lamp']).to.include({ light })
    }
  })

  it('fills in the environment, inside strings and also in the values of --set', async () => {
    const profile = { plugins: [{ use: 'builtin:lamp', config: { file: '${HOME}/x', light: '<${EMPTY}>' } }] }
    const options = await loaded({ 'profile.json': profile }, ['lamp.spare=${HOME}'])
    expect(options['lamp']).to.include({ file: '/home/me/x', light: '<>', spare: '/home/me' })
  })

  it('knows the node itself', async () => {
    const files = {
      'profile.json': { extends: ['./deep/base.json'], node: { log: 'warn' } },
      'deep/base.json': { node: { name: 'house', dataDir: 'state', seed: 7 } },
    }
    const { kernel } = toyNode({ files }, { set: ['node.seed=8'] })
    await kernel.load()
    expect(kernel.profile.node).to.deep.equal({ name: 'house', dataDir: '/work/deep/state', log: 'warn', seed: 8 })
    const bare = toyNode({ files: { 'profile.json': {} } }).kernel
    await bare.load()
    expect(bare.profile.node).to.deep.equal({ name: 'profile', dataDir: '/work/.shoal', log: 'info', seed: null })
  })

  it('tells all faults of load and configure at once, and none twice', async () => {
    const profile = {
      name: 1,
      plugins: [
        { use: 'builtin:lmp' },
        { use: 'builtin:lamp', config: { light: 5, dim: { form: 1 }, files: '${NOT_SET}' } },
        { id: 'nobody' },
      ],
    }
    const faults = await faultsOf(toyNode({ files: { 'profile.json': profile }, modules }).kernel)
    expect(faults.map(fault => `${fault.code} ${fault.place.replace('profile.json#', '')}`)).to.deep.equal([
      'ERR_PROFILE_ENV /plugins/1/config/files',
      'ERR_PROFILE_SHAPE /name',
      'ERR_PROFILE_ID /plugins/2',
      'ERR_PLUGIN_NOT_FOUND /plugins/0/use',
      'ERR_CONFIG_VALUE /plugins/1/config/light',
      'ERR_CONFIG_KEY /plugins/1/config/dim/form',
    ])
  })

  it('takes options declared as plain JSON Schema, and refuses keys that it does not name', async () => {
    const simple: unknown = {
      ...definePlugin({ name: 'simple', setup() {} }),
      config: {
        type: 'object',
        properties: {
          edge: { type: 'integer', minimum: 1, default: 4, description: 'pieces at each end' },
          file: { type: 'string', format: 'path' },
        },
      },
    }
    const node = (config: object): ReturnType<typeof toyNode> =>
      toyNode({ files: { 'profile.json': { plugins: [{ use: './s.js', config }] } }, modules: { 's.js': simple } })
    const { kernel } = node({ file: 'x' })
    await kernel.load()
    expect(kernel.plugins[0]?.options).to.deep.equal({ edge: 4, file: '/work/x' })
    const faults = await faultsOf(node({ edge: 0, egde: 1 }).kernel)
    expect(faults.map(({ code, hint }) => [code, hint])).to.deep.equal([
      ['ERR_CONFIG_VALUE', '"edge": pieces at each end (default 4)'],
      ['ERR_CONFIG_KEY', 'did you mean "edge"?'],
    ])
  })

  it('refuses a plugin whose schema is none', async () => {
    const odd: unknown = { ...definePlugin({ name: 'odd', setup() {} }), config: 'anything' }
    const world = { files: { 'profile.json': { plugins: [{ use: './odd.js' }] } }, modules: { 'odd.js': odd } }
    expect((await faultsOf(toyNode(world).kernel)).map(fault => fault.code)).to.deep.equal(['ERR_CONFIG_SCHEMA'])
  })

  it('tells of a manifest that JSON cannot show, and of an empty "use" once', async () => {
    const circle: { around?: unknown } = {}
    circle.around = circle
    const good: unknown = definePlugin({ name: 'good', setup() {} })
    const files = { 'profile.json': { plugins: [{ use: './a.js' }, { use: './b.js' }, { use: '' }] } }
    const broken = {
      'a.js': Object.assign({}, good, { requires: circle }),
      'b.js': Object.assign({}, good, { api: 1n }),
    }
    const faults = await faultsOf(toyNode({ files, modules: broken }).kernel)
    expect(faults.map(({ code, place }) => [code, place.slice(-5)])).to.have.deep.members([
      ['ERR_PLUGIN_SHAPE', '0/use'],
      ['ERR_PLUGIN_API', '1/use'],
      ['ERR_PROFILE_SHAPE', '2/use'],
    ])
  })

  it('names the plugin whose schema throws', async () => {
    const blown = z.strictObject({ light: z.string().default('warm') }).transform(() => {
      throw new Error('fuse')
    })
    const bad: unknown = { ...definePlugin({ name: 'bad', setup() {} }), config: blown }
    const { kernel } = toyNode({
      files: { 'profile.json': { plugins: [{ use: './bad.js' }] } },
      modules: { 'bad.js': bad },
    })
    const [fault] = await faultsOf(kernel)
    expect(fault).to.include({ code: 'ERR_CONFIG_SCHEMA', place: 'profile.json#/plugins/0' })
    expect(fault?.found).to.include('bad.js').and.include('fuse')
  })

  it('takes a doubled $ for the sign itself', async () => {
    const { kernel } = toyNode(
      {
        files: { 'profile.json': { node: { name: 'a $${HOME} ${HOME} $$ b' }, plugins: [] } },
      },
      { env: { HOME: 'x' } },
    )
    await kernel.load()
    expect(kernel.profile.node.name).to.equal('a ${HOME} x $$ b')
  })

  it('finds packages in the node_modules folders above the file that names them', async () => {
    const files = {
      'profile.json': { extends: ['./deep/er/base.json'] },
      'deep/er/base.json': { plugins: [{ use: '@acme/lamp' }] },
      'node_modules/@acme/lamp/package.json': { name: '@acme/lamp', shoal: { plugin: './far.js', api: 1 } },
      'deep/node_modules/@acme/lamp/package.json': { name: '@acme/lamp', shoal: { plugin: './near.js', api: 1 } },
    }
    const { kernel, imported } = toyNode({ files, modules: { 'deep/node_modules/@acme/lamp/near.js': lamp } })
    await kernel.load()
    expect(imported).to.deep.equal(['/work/deep/node_modules/@acme/lamp/near.js'])
    expect(kernel.plugins.map(part => part.id)).to.deep.equal(['lamp'])
  })
})
