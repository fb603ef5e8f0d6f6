// One core for what is measured and another for what measures it, where there are two and a program that can see to it.
import os from 'node:os'
import type { Command } from './child.js'
import { onPath } from '../interop/programs.js'

export const canPin = onPath('taskset') !== null && os.availableParallelism() > 1

export const SERVER_CORE = 0
export const LOAD_CORE = 1

export function pinned(core: number, command: Command): Command {
  return canPin ? { ...command, words: ['taskset', '-c', String(core), ...command.words] } : command
}
