// Readers of option values that several commands share.
import { InvalidArgumentError } from 'commander'
import { splitHostPort } from '../base/address.js'

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
