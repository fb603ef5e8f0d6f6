// Kernels over files and modules that exist only in a map.
import { isAbsolute, join } from 'node:path'
import { createRandom } from '../../../core/base/random.js'
import type { Logger } from '../../../core/base/log.js'
import type { NodeError } from '../../../core/base/errors.js'
import type { Fault } from '../../../core/kernel/faults.js'
import { builtinFile } from '../../../core/kernel/loader.js'
import { createKernel, type Kernel, type KernelOptions } from '../../../core/kernel/kernel.js'
import { ManualClock } from '../../conformance/manual-clock.js'

export interface ToyWorld {
  /** Text or JSON by path; relative ones lie in /work. */
  readonly files?: Readonly<Record<string, unknown>>
  /** Default exports by path or `builtin:NAME`; an Error is what the module throws. */
  readonly modules?: Readonly<Record<string, unknown>>
}

export interface Logged {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Toy {
  readonly kernel: Kernel
  readonly clock: ManualClock
  readonly logged: Logged[]
  /** What was imported, in order. */
  readonly imported: string[]
}

const at = (path: string): string =>
  path.startsWith('builtin:') ? builtinFile(path.slice(8)) : isAbsolute(path) ? path : join('/work', path)

export function toyNode(world: ToyWorld, options: Partial<KernelOptions> = {}): Toy {
  const files = new Map(Object.entries(world.files ?? {}).map(([path, content]) => [at(path), content]))
  const modules = new Map(Object.entries(world.modules ?? {}).map(([path, value]) => [at(path), value]))
  const clock = new ManualClock()
  const logged: Logged[] = []
  const imported: string[] = []
  const entropy = createRandom(2)
  const kernel = createKernel({
    host: { clock, random: createRandom(1), entropy: { fill: out => entropy.fill(out) }, log: logTo(logged, {}) },
    profile: 'profile.json',
    workingDir: '/work',
    readText(path) {
      const content = files.get(path)
      if (content === undefined) return Promise.reject(new Error('no such file'))
      return Promise.resolve(typeof content === 'string' ? content : JSON.stringify(content))
    },
    importModule(path) {
      imported.push(path)
      if (!modules.has(path)) {
        return Promise.reject(
          Object.assign(new Error(`Cannot find module '${path}'`), { code: 'ERR_MODULE_NOT_FOUND' }),
        )
      }
      const value = modules.get(path)
      return value instanceof Error ? Promise.reject(value) : Promise.resolve({ default: value })
    },
    builtins: () =>
      Promise.resolve(
        Object.keys(world.modules ?? {})
          .filter(path => path.startsWith('builtin:'))
          .map(path => path.slice(8)),
      ),
    ...options,
  })
  return { kernel, clock, logged, imported }
}

function logTo(logged: Logged[], around: Readonly<Record<string, unknown>>): Logger {
  const line =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void logged.push({ level, message, fields: { ...around, ...fields } })
  return {
    child: fields => logTo(logged, { ...around, ...fields }),
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  }
}

/** The error of a promise that must reject. */
export async function failure(promise: Promise<unknown>): Promise<NodeError> {
  try {
    await promise
  } catch (error) {
    return error as NodeError
  }
  throw new Error('this should have failed')
}

export async function faultsOf(kernel: Kernel): Promise<readonly Fault[]> {
  const error = await failure(kernel.load())
  const faults = error.details?.['faults']
  if (!Array.isArray(faults)) throw error
  return faults as readonly Fault[]
}
