// Where and when something was measured: no figure means anything without.
import fs from 'node:fs'
import os from 'node:os'

/** Which Linux tells user space, whatever it is. */
const TICKS_A_SECOND = 100

export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly os: string
  readonly node: string
  /** Over the last minute, before the start. */
  readonly load: number
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    load: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
  }
}

/** CPU seconds of everything on the machine since it started; NaN where that is not told. */
export function busySeconds(): number {
  try {
    const [, user, nice, system, , , irq, softirq] = fs.readFileSync('/proc/stat', 'latin1').split(/\s+/).map(Number)
    return ((user ?? NaN) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0)) / TICKS_A_SECOND
  } catch {
    return NaN
  }
}

export function machineLine({ date, cpu, cores, memoryGiB, os, node, load }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, Node ${node}, load ${load}, ${date}`
}
