// The other end of OtherThread.
import { parentPort, workerData } from 'node:worker_threads'
import { KitPlace } from './kit-place.js'
import type { Portable } from '../../core/base/portable.js'

export interface Answered {
  readonly call: number
  readonly result?: unknown
  readonly fault?: string
}

interface Asked {
  readonly call: number
  /** "": none, only whether it is open. */
  readonly method: string
  readonly args: readonly unknown[]
}

const opened = new KitPlace().open(workerData as Portable<object>)

parentPort?.on('message', ({ call, method, args }: Asked) => {
  const answer = async (): Promise<Answered> => {
    const target = await opened
    if (method === '') return { call }
    const found: unknown = Reflect.get(target, method)
    if (typeof found !== 'function') return { call, fault: `what was opened has no ${method}()` }
    return { call, result: Reflect.apply(found, target, args) as unknown }
  }
  answer().then(
    answered => parentPort?.postMessage(answered),
    (error: unknown) => parentPort?.postMessage({ call, fault: String(error) }),
  )
})
