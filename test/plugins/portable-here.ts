// What stays in this thread, as a Portable: the module that opens it finds it again by its number.
import type { Portable } from '../../core/base/portable.js'

const kept: unknown[] = []

export function portableHere<T>(what: T): Portable<T> {
  return { module: import.meta.url, data: kept.push(what) - 1 }
}

export const open = (number: number): unknown => kept[number]
