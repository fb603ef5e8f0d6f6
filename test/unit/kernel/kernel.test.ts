import { expect } from 'chai'
import { definePlugin, inject, injectable, token, z, type Lifecycle, type Scope } from '../../../core/kernel/plugin.js'
import { settle } from '../../conformance/manual-clock.js'
import { failure, faultsOf, toyNode } from './toy-node.js'

const Lamp = token.one<{ on(): string }>('lamp')
const Bulbs = token.many<string>('bulbs')
const Shades = token.named<number>('shades')

const plugins = (...use: string[]): object => ({ plugins: use.map(one => ({ use: `builtin:${one}` })) })

interface Traits {
  readonly requires?: (typeof Lamp)[]
  readonly provides?: (typeof Lamp)[]
  readonly hooks?: Lifecycle
}

/** A plugin that writes down its hooks. */
function traced(name: string, log: string[], { requires = [], provides = [], hooks = {} }: Traits = {}): unknown {
  return definePlugin({
    name,
    requires,
    provides,
    setup(ctx) {
      log.push(`${name} setup`)
      for (const one of provides) ctx.provide(one, { on: () => 'light' })
      return {
        start: () => void log.push(`${name} start`),
        ready: () => void log.push(`${name} ready`),
        drain: () => void log.push(`${name} drain`),
        stop: () => void log.push(`${name} stop`),
        ...hooks,
      }
    },
  })
}

const lamp = definePlugin({
  name: 'lamp',
  config: z.strictObject({ light: z.string().default('warm') }),
  provides: [Lamp],
  setup(ctx) {
    ctx.provide(Lamp, { on: () => ctx.config.light })
  },
})

describe('kernel', () => {
  it('brings plugins up by who requires whom and down in reverse', async () => {
    const log: string[] = []
    const modules = {
      'builtin:user': traced('user', log, { requires: [Lamp] }),
      'builtin:lamp': traced('lamp', log, { provides: [Lamp] }),
    }
    const { kernel, clock } = toyNode({ files: { 'profile.json': plugins('user', 'lamp') }, modules })
    await kernel.start()
    expect(kernel.state).to.equal('ready')
    expect(log).to.deep.equal(['lamp setup', 'user setup', 'lamp start', 'user start', 'lamp ready', 'user ready'])
    expect(kernel.find(Lamp)?.on()).to.equal('light')
    log.length = 0
    await Promise.all([kernel.stop(), kernel.stop()])
    await kernel.stop()
    expect(log).to.deep.equal(['user drain', 'lamp drain', 'user stop', 'lamp stop'])
    expect(kernel.state).to.equal('stopped')
    expect(clock.pending).to.equal(0)
  })

  it('stops from any state', async () => {
    const fresh = toyNode({ files: { 'profile.json': plugins() } }).kernel
    await fresh.stop()
    expect(fresh.state).to.equal('stopped')
    expect((await failure(fresh.start())).code).to.equal('ERR_PHASE_STATE')
    const linked = toyNode({ files: { 'profile.json': plugins() } }).kernel
    await linked.load()
    await linked.stop()
    const broken = toyNode({}).kernel
    await failure(broken.start())
    expect(broken.state).to.equal('failed')
    await broken.stop()
    expect(broken.state).to.equal('stopped')
  })

  it('rolls back in reverse what had been set up when a plugin fails to start, naming it', async () => {
    const log: string[] = []
    const boom = (): never => {
      throw new Error('no current')
    }
    const modules = {
      'builtin:lamp': traced('lamp', log, { provides: [Lamp] }),
      'builtin:bad': traced('bad', log, { requires: [Lamp], hooks: { start: boom } }),
      'builtin:idle': traced('idle', log),
    }
    const { kernel } = toyNode({ files: { 'profile.json': plugins('idle', 'lamp', 'bad') }, modules })
    const error = await failure(kernel.start())
    expect(error.code).to.equal('ERR_PLUGIN_THREW')
    expect(error.blame).to.equal('defect')
    expect(error.message).to.match(/plugin "bad" failed in start: no current.*report/)
    expect(log.slice(-5)).to.deep.equal(['idle start', 'lamp start', 'bad stop', 'lamp stop', 'idle stop'])
    expect(kernel.state).to.equal('failed')
  })

  it('names a plugin that throws in setup and stops those before it', async () => {
    const log: string[] = []
    const bad = definePlugin({
      name: 'bad',
      requires: [Lamp],
      setup() {
        throw new Error('out of glass')
      },
    })
    const modules = { 'builtin:lamp': traced('lamp', log, { provides: [Lamp] }), 'builtin:bad': bad }
    const error = await failure(toyNode({ files: { 'profile.json': plugins('lamp', 'bad') }, modules }).kernel.start())
    expect(error.message).to.include('plugin "bad" failed in setup: out of glass')
    expect(error.details).to.include({ plugin: 'bad', phase: 'setup' })
    expect(log).to.deep.equal(['lamp setup', 'lamp stop'])
  })

  for (const phase of ['setup', 'start', 'ready'] as const) {
    it(`gives up on a plugin that hangs in ${phase}, with the seconds it was given`, async () => {
      let told = false
      const hang = (signal?: AbortSignal): Promise<void> => {
        signal?.addEventListener('abort', () => (told = true))
        return new Promise(() => {})
      }
      const bad = definePlugin({
        name: 'bad',
        setup: () => (phase === 'setup' ? hang().then(() => ({})) : { [phase]: hang }),
      })
      const { kernel, clock } = toyNode({ files: { 'profile.json': plugins('bad') }, modules: { 'builtin:bad': bad } })
      const ended = failure(kernel.start())
      await clock.advance(60_000)
      const error = await ended
      expect(error.code).to.equal('ERR_PHASE_TIMEOUT')
      expect(error.message).to.match(new RegExp(`plugin "bad" has not finished ${phase} within \\d+ s`))
      expect(told).to.equal(phase !== 'setup')
      expect(clock.pending).to.equal(0)
    })
  }

  it('goes on stopping when a plugin hangs or throws on the way down, and says so at the end', async () => {
    const log: string[] = []
    const modules = {
      'builtin:lamp': traced('lamp', log, { provides: [Lamp] }),
      'builtin:bad': traced('bad', log, {
        requires: [Lamp],
        hooks: { drain: () => new Promise(() => {}), stop: () => Promise.reject(new Error('stuck')) },
      }),
    }
    const { kernel, clock, logged } = toyNode({ files: { 'profile.json': plugins('lamp', 'bad') }, modules })
    await kernel.start()
    const ended = failure(kernel.stop())
    await clock.advance(60_000)
    expect((await ended).code).to.equal('ERR_PHASE_STOP')
    expect((await ended).message).to.include('plugin "bad" failed in stop: stuck')
    expect(logged.map(one => one.message).join()).to.include('"bad" has not finished drain')
    expect(log.slice(-2)).to.deep.equal(['lamp drain', 'lamp stop'])
    expect(kernel.state).to.equal('stopped')
  })

  it('can be stopped while it starts', async () => {
    const log: string[] = []
    let signal: AbortSignal | undefined
    const slow = traced('slow', log, {
      hooks: {
        start: given => {
          signal = given
          return new Promise<void>((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error)))
        },
      },
    })
    const { kernel } = toyNode({ files: { 'profile.json': plugins('slow') }, modules: { 'builtin:slow': slow } })
    const ended = failure(kernel.start())
    while (signal === undefined) await settle()
    await kernel.stop()
    expect((await ended).code).to.equal('ERR_PHASE_STOPPED')
    expect(log).to.deep.equal(['slow setup', 'slow stop'])
  })

  it('stays stopped when it is stopped while it loads', async () => {
    const { kernel } = toyNode({ files: { 'profile.json': plugins('lamp') }, modules: { 'builtin:lamp': lamp } })
    const loading = kernel.load()
    await kernel.stop()
    await loading
    expect(kernel.state).to.equal('stopped')
  })

  it('gives up on a scope that hangs or fails when it is closed, and closes the others', async () => {
    const log: string[] = []
    const keeper = (name: string, release: () => void | Promise<void>): unknown =>
      definePlugin({
        name,
        setup(ctx) {
          ctx.openScope('things').onClose(release)
        },
      })
    const modules = {
      'builtin:first': keeper('first', () => void log.push('first')),
      'builtin:hung': keeper('hung', () => new Promise(() => {})),
      'builtin:bad': keeper('bad', () => Promise.reject(new Error('stuck'))),
    }
    const { kernel, clock } = toyNode({ files: { 'profile.json': plugins('first', 'hung', 'bad') }, modules })
    await kernel.start()
    const ended = failure(kernel.stop())
    await clock.advance(60_000)
    const { code, message } = await ended
    expect(code).to.equal('ERR_PHASE_STOP')
    expect(message).to.include('plugin "bad" failed in stop: stuck')
    expect(message).to.include('plugin "hung" has not finished stop')
    expect(log).to.deep.equal(['first'])
    expect(kernel.state).to.equal('stopped')
  })

  it('gives scopes what their plugin was given, whether or not it has built anything itself', async () => {
    @injectable()
    class Room {
      constructor(@inject(Lamp.key) readonly light: { on(): string }) {}
    }
    let open: (() => Scope) | undefined
    const user = definePlugin({
      name: 'user',
      requires: [Lamp],
      setup(ctx) {
        open = () => ctx.openScope('room')
      },
    })
    const { kernel } = toyNode({
      files: { 'profile.json': plugins('user', 'lamp') },
      modules: { 'builtin:lamp': lamp, 'builtin:user': user },
    })
    await kernel.start()
    expect(open?.().construct(Room).light.on()).to.equal('warm')
    expect(open?.().construct(Room).light.on()).to.equal('warm')
  })

  it('tells of a module that never finishes loading', async () => {
    const { kernel, clock } = toyNode(
      { files: { 'profile.json': { plugins: [{ use: './slow.js' }] } } },
      { importModule: () => new Promise(() => {}) },
    )
    const ended = faultsOf(kernel)
    await clock.advance(60_000)
    const [fault] = await ended
    expect(fault).to.include({ code: 'ERR_PLUGIN_IMPORT', place: 'profile.json#/plugins/0/use' })
    expect(fault?.found).to.include('/work/slow.js').and.include('30 s')
    expect(clock.pending).to.equal(0)
  })

  it('refuses a plugin that does not provide what it promised', async () => {
    const bad = definePlugin({ name: 'bad', provides: [Lamp, Bulbs], setup: ctx => ctx.provide(Bulbs, 'one') })
    const { kernel } = toyNode({ files: { 'profile.json': plugins('bad') }, modules: { 'builtin:bad': bad } })
    const error = await failure(kernel.start())
    expect(error.code).to.equal('ERR_PLUGIN_BROKEN_PROMISE')
    expect(error.message).to.match(/plugin "bad" did not provide "lamp" in setup/)
  })

  it('ends the context with setup, and tells which call came too late', async () => {
    let late: (() => unknown) | undefined
    let scope: Scope | undefined
    const user = definePlugin({
      name: 'user',
      requires: [Lamp],
      setup(ctx) {
        late = () => ctx.get(Lamp)
        return { ready: () => void (scope = ctx.openScope('later')) }
      },
    })
    const modules = { 'builtin:lamp': lamp, 'builtin:user': user }
    const { kernel } = toyNode({ files: { 'profile.json': plugins('lamp', 'user') }, modules })
    await kernel.start()
    expect(() => late?.())
      .to.throw('plugin "user" called get() after setup')
      .with.property('code', 'ERR_PLUGIN_LATE_LOOKUP')
    let closed = false
    scope?.onClose(() => void (closed = true))
    await kernel.stop()
    expect(closed, 'a scope left open is closed with its plugin').to.equal(true)
    expect(() => scope?.onClose(() => {})).to.throw('closed')
  })

  it('refuses look-ups that the manifest does not name', async () => {
    const sly: unknown = {
      ...definePlugin({ name: 'sly', setup() {} }),
      setup: (ctx: { get(one: unknown): unknown }) => void ctx.get(Lamp),
    }
    const { kernel } = toyNode({
      files: { 'profile.json': plugins('lamp', 'sly') },
      modules: { 'builtin:lamp': lamp, 'builtin:sly': sly },
    })
    const error = await failure(kernel.start())
    expect(error.code).to.equal('ERR_PLUGIN_UNDECLARED')
    expect(error.message).to.include('called get(lamp), which is not in its requires')
  })

  it('gives lists in profile order and named things by name, with the nearest name for a wrong one', async () => {
    const giver = (name: string, value: number): unknown =>
      definePlugin({
        name,
        provides: [Bulbs, Shades],
        setup(ctx) {
          ctx.provide(Bulbs, name)
          ctx.provideNamed(Shades, `shade-${name}`, value)
        },
      })
    let seen: unknown
    let givers: unknown
    const user = definePlugin({
      name: 'user',
      requires: [Bulbs, Shades],
      optional: [Lamp],
      setup(ctx) {
        const shades = ctx.named(Shades)
        seen = { bulbs: ctx.all(Bulbs), names: shades.names(), second: shades.get('shade-b'), lamp: ctx.find(Lamp) }
        givers = [ctx.providers(Bulbs), ctx.providers(Lamp)]
        shades.get('shade-bb')
      },
    })
    const modules = { 'builtin:b': giver('b', 2), 'builtin:a': giver('a', 1), 'builtin:user': user }
    const { kernel } = toyNode({ files: { 'profile.json': plugins('user', 'b', 'a') }, modules })
    const error = await failure(kernel.start())
    expect(seen).to.deep.equal({ bulbs: ['b', 'a'], names: ['shade-b', 'shade-a'], second: 2, lamp: undefined })
    expect(givers).to.deep.equal([['b', 'a'], []])
    expect(error.code).to.equal('ERR_LINK_NO_SUCH_NAME')
    expect(error.message).to.include('did you mean "shade-b"?')
  })

  it('refuses one name from two plugins', async () => {
    const shade = (name: string): unknown =>
      definePlugin({ name, provides: [Shades], setup: ctx => ctx.provideNamed(Shades, 'dark', 1) })
    const { kernel } = toyNode({
      files: { 'profile.json': plugins('a', 'b') },
      modules: { 'builtin:a': shade('a'), 'builtin:b': shade('b') },
    })
    const error = await failure(kernel.start())
    expect(error.code).to.equal('ERR_LINK_DUPLICATE_NAME')
    expect(error.message).to.include('as "a" does')
  })

  it('builds classes by injection, each time anew', async () => {
    @injectable()
    class Room {
      constructor(
        @inject(Lamp.key) readonly light: { on(): string },
        @inject(Bulbs.key) readonly bulbs: readonly string[],
      ) {}
    }
    const rooms: Room[] = []
    const user = definePlugin({
      name: 'user',
      requires: [Lamp],
      optional: [Bulbs],
      setup: ctx => void rooms.push(ctx.construct(Room), ctx.construct(Room)),
    })
    const { kernel } = toyNode({
      files: { 'profile.json': plugins('user', 'lamp') },
      modules: { 'builtin:lamp': lamp, 'builtin:user': user },
    })
    await kernel.start()
    expect(rooms[0]).to.not.equal(rooms[1])
    expect(rooms.map(room => [room.light.on(), room.bulbs.length])).to.deep.equal([
      ['warm', 0],
      ['warm', 0],
    ])
  })

  it('shares nothing between two kernels of one process', async () => {
    const seen: unknown[] = []
    const user = definePlugin({
      name: 'user',
      requires: [Lamp],
      setup: ctx => void seen.push(ctx.get(Lamp), ctx.get(Lamp).on(), ctx.host.random.u32()),
    })
    const modules = { 'builtin:lamp': lamp, 'builtin:user': user }
    const profile = (light: string): object => ({
      plugins: [{ use: 'builtin:lamp', config: { light } }, { use: 'builtin:user' }],
    })
    const one = toyNode({ files: { 'profile.json': profile('red') }, modules }).kernel
    const two = toyNode({ files: { 'profile.json': profile('blue') }, modules }).kernel
    await Promise.all([one.start(), two.start()])
    expect(seen[0]).to.not.equal(seen[3])
    expect([seen[1], seen[4]]).to.deep.equal(['red', 'blue'])
    expect(seen[2], 'the same seed gives the same stream').to.equal(seen[5])
    await one.stop()
    expect(two.find(Lamp)?.on()).to.equal('blue')
    await two.stop()
  })

  it('takes values from outside', async () => {
    let value = ''
    const user = definePlugin({
      name: 'user',
      requires: [Lamp, Shades],
      setup: ctx => void (value = ctx.get(Lamp).on() + ctx.named(Shades).get('dark')),
    })
    const { kernel } = toyNode(
      { files: { 'profile.json': plugins('user') }, modules: { 'builtin:user': user } },
      {
        given: [
          [Lamp, { on: () => 'sun' }],
          [Shades, 3, 'dark'],
        ],
      },
    )
    await kernel.start()
    expect(value).to.equal('sun3')
  })

  it('keeps the node up when a timer of a plugin throws, unless the plugin is critical', async () => {
    const bad = definePlugin({
      name: 'bad',
      setup: ctx => ({
        ready: () =>
          void ctx.host.clock.after(5, () => {
            throw new Error('fuse')
          }),
      }),
    })
    for (const critical of [false, true]) {
      const profile = { plugins: [{ use: 'builtin:bad', critical }] }
      const { kernel, clock, logged } = toyNode({ files: { 'profile.json': profile }, modules: { 'builtin:bad': bad } })
      await kernel.start()
      await clock.advance(10)
      expect(logged.find(one => one.level === 'error')).to.deep.include({
        message: 'plugin "bad" failed in ready: fuse; this is a fault of the plugin, please report it to its author',
      })
      await clock.advance(10)
      expect(kernel.state).to.equal(critical ? 'stopped' : 'ready')
    }
  })

  it('tells what a timer of a plugin rejects with, and stops for a critical one that fails before all are ready', async () => {
    const bad = definePlugin({
      name: 'bad',
      setup: ctx => ({
        // oxlint-disable-next-line typescript/no-misused-promises -- plugins in plain JavaScript do this
        start: () => void ctx.host.clock.after(5, () => Promise.reject(new Error('fuse'))),
      }),
    })
    const slow = definePlugin({ name: 'slow', setup: () => ({ ready: () => new Promise<void>(() => {}) }) })
    const profile = { plugins: [{ use: 'builtin:bad', critical: true }, { use: 'builtin:slow' }] }
    const failures: string[] = []
    const { kernel, clock } = toyNode(
      { files: { 'profile.json': profile }, modules: { 'builtin:bad': bad, 'builtin:slow': slow } },
      { onFailure: error => failures.push(error.message) },
    )
    const ended = failure(kernel.start())
    await clock.advance(10)
    expect(failures.join()).to.include('plugin "bad" failed in').and.include('fuse')
    const stopped = kernel.stop()
    await clock.advance(10_000)
    await stopped
    await ended
  })

  it('blames the plugin whose own file is nearest in the stack, and not its neighbour', async () => {
    const named = (name: string): unknown => definePlugin({ name, setup() {} })
    const { kernel, logged } = toyNode({
      files: { 'profile.json': { plugins: [{ use: './a.js' }, { use: './b.js' }, { use: './deep/c.js' }] } },
      modules: { 'a.js': named('a'), 'b.js': named('b'), 'deep/c.js': named('c') },
    })
    await kernel.start()
    const blamed = (...frames: readonly string[]): unknown => {
      const stack = ['Error: fuse', ...frames.map(frame => `    at f (file:///work/${frame}:3:14)`)].join('\n')
      kernel.fault(Object.assign(new Error('fuse'), { stack }))
      return logged.at(-1)?.fields['plugin']
    }
    expect(blamed('b.js')).to.equal('b')
    expect(blamed('node_modules/x/y.js', 'b.js')).to.equal('b')
    expect(blamed('deep/lib/z.js', 'a.js')).to.equal('c')
    expect(blamed('node_modules/x/y.js')).to.equal(undefined)
  })

  it('agrees with a plugin made by another copy of the package', async () => {
    const foreign = { id: 'lamp', key: Symbol.for('shoal:lamp'), cardinality: 'one' as const }
    let on = ''
    const user: unknown = {
      name: 'foreign',
      api: 1,
      config: { type: 'object', properties: {} },
      requires: [foreign],
      optional: [],
      provides: [],
      setup: (ctx: { get(one: unknown): { on(): string } }) => void (on = ctx.get(foreign).on()),
    }
    const { kernel } = toyNode({
      files: { 'profile.json': { plugins: [{ use: './foreign.js' }, { use: 'builtin:lamp' }] } },
      modules: { 'foreign.js': user, 'builtin:lamp': lamp },
    })
    await kernel.start()
    expect(on).to.equal('warm')
  })

  it('prints the circle of a circular graph', async () => {
    const part = (name: string, requires: (typeof Lamp)[], provides: (typeof Bulbs)[]): unknown =>
      definePlugin({ name, requires, provides, setup() {} })
    const modules = {
      'builtin:lamp': definePlugin({ name: 'lamp', requires: [Bulbs], provides: [Lamp], setup() {} }),
      'builtin:bulb': part('bulb', [Lamp], [Bulbs]),
    }
    const faults = await faultsOf(toyNode({ files: { 'profile.json': plugins('lamp', 'bulb') }, modules }).kernel)
    expect(faults.map(fault => [fault.code, fault.found])).to.deep.equal([
      ['ERR_LINK_CYCLE', 'lamp -[bulbs]-> bulb -[lamp]-> lamp'],
    ])
  })

  it('explains a node without starting it, and names the variable where a secret stands', async () => {
    const user = definePlugin({
      name: 'user',
      config: z.strictObject({ hours: z.int().default(3) }),
      requires: [Lamp],
      notes: ({ hours }) => [`reads ${hours} hours a night`],
      setup() {},
    })
    const profile = {
      node: { name: 'house' },
      plugins: [
        { use: 'builtin:user' },
        { use: 'builtin:lamp', config: { light: '${LIGHT}' } },
        { use: 'builtin:spare' },
      ],
    }
    const modules = {
      'builtin:lamp': lamp,
      'builtin:user': user,
      'builtin:spare': definePlugin({ name: 'spare', provides: [Bulbs], setup: () => expect.fail('setup ran') }),
    }
    const { kernel } = toyNode({ files: { 'profile.json': profile }, modules }, { env: { LIGHT: 'hunter2' } })
    await kernel.load()
    const text = kernel.explain()
    expect(text).to.include('node "house"')
    expect(text).to.include('  1  lamp, spare\n  2  user')
    expect(text).to.include('provides  lamp -> user').and.include('requires  lamp <- lamp')
    expect(text).to.include('{"light":"${LIGHT}"}').and.not.include('hunter2')
    expect(text).to.include('note      reads 3 hours a night')
    expect(text).to.include('nothing in this profile uses what "spare" provides')
    const set = toyNode(
      { files: { 'profile.json': plugins('lamp') }, modules },
      { set: ['lamp.light=${LIGHT}'], env: { LIGHT: 'hunter2' } },
    ).kernel
    await set.load()
    expect(set.explain(), 'also where --set says so').to.include('{"light":"${LIGHT}"}').and.not.include('hunter2')
    expect(kernel.unused).to.deep.equal(['spare'])
  })
})
