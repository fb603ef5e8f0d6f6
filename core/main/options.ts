// Readers of option values that several commands share.
import { InvalidArgumentError } from 'commander'
import { splitHostPort } from '../base/address.js'
import { parseByteRate } from '../base/byte-rate.js'

/** For options that may be given more than once. */
export function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

export function port(value: string): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number <= 65535) return number
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

export function hostPort(value: string): string {
  if (splitHostPort(value) !== null) return value
  throw new InvalidArgumentError('Expected HOST:PORT, such as 0.0.0.0:6969 or [::]:6969.')
}

/** As a profile takes it. */
export function byteRate(value: string): string {
  if ((parseByteRate(value) ?? 0) >= 1024) return value
  throw new InvalidArgumentError('Expected a rate of at least 1 KiB/s, such as "5 MiB/s", 800kB or "50 Mbit/s".')
}

export function count(value: string): number {
  const number = Number(value)
  if (value.trim() !== '' && number >= 0 && number < Infinity) return number
  throw new InvalidArgumentError('Expected a number, such as 2 or 1.5.')
}

/** Of `limits` in a profile: what the command line names. */
export function limitsOf(limits: { readonly limitDown?: string; readonly limitUp?: string }): Limits {
  const { limitDown: down, limitUp: up } = limits
  return { ...(down === undefined ? {} : { down }), ...(up === undefined ? {} : { up }) }
}

export interface Limits {
  readonly down?: string
  readonly up?: string
}
