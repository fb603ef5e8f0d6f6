// One plugin in a kernel of its own: how a test, ours or a third party's, gets at what a plugin provides.
import { createRandom } from '../../core/base/random.js'
import { silentLogger } from '../../core/base/log.js'
import type { Host } from '../../core/base/host.js'
import type { AnyToken, Token } from '../../core/base/token.js'
import { createKernel, type Given } from '../../core/kernel/kernel.js'
import type { NamedRegistry } from '../../core/kernel/plugin.js'
import { ManualClock } from './manual-clock.js'

export interface PluginUnderTest {
  /** What the plugin provides under this token: the one value, the list, or the registry of names. */
  provided<T>(token: Token<T, 'one'>): T
  provided<T>(token: Token<T, 'many'>): readonly T[]
  provided<T>(token: Token<T, 'named'>): NamedRegistry<T>
  /** Drains and stops the plugin. Idempotent. */
  stop(): Promise<void>
}

export interface PluginSurroundings {
  /** Stands still, is repeatable and says nothing, but for the parts named here. */
  readonly host?: Partial<Host>
  /** Where relative paths among the options start, and below it the node's state. */
  readonly folder?: string
}

/**
 * Checks the plugin's manifest and options, sets it up, and brings it to `ready`. `given` is what it requires, as
 * values: `[[Http, fakeHttp], [TrackerClients, fakeClient, 'udp']]`. Rejects with the report or the error that a whole node would give.
 */
export async function loadPlugin(
  plugin: unknown,
  options: unknown = {},
  given: readonly Given[] = [],
  { host = {}, folder = '/' }: PluginSurroundings = {},
): Promise<PluginUnderTest> {
  const random = createRandom(1)
  const entropy = createRandom(2)
  const kernel = createKernel({
    host: { clock: new ManualClock(), random, entropy: { fill: out => entropy.fill(out) }, log: silentLogger, ...host },
    profile: {
      name: 'plugin under test',
      folder,
      content: { node: { name: 'test' }, plugins: [{ use: './plugin.js', config: options }] },
    },
    workingDir: folder,
    given,
    readText: path => Promise.reject(new Error(`there is no ${path} here`)),
    importModule: () => Promise.resolve({ default: plugin }),
  })
  await kernel.start()
  function provided<T>(token: Token<T, 'one'>): T
  function provided<T>(token: Token<T, 'many'>): readonly T[]
  function provided<T>(token: Token<T, 'named'>): NamedRegistry<T>
  function provided(token: AnyToken): unknown {
    return kernel.find(token)
  }
  return { provided, stop: () => kernel.stop() }
}
