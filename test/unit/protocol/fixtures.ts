// Data this project did not make, read from the fixtures folder beside the repository; tests skip where it is absent.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const fixturesFolder =
  process.env['SHOAL_FIXTURES'] ?? resolve(import.meta.dirname, '../../../../../shared/fixtures')

export function haveFixtures(): boolean {
  return existsSync(fixturesFolder)
}

export function fixture<T>(path: string): T {
  return JSON.parse(readFileSync(resolve(fixturesFolder, path), 'utf8')) as T
}

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(fixturesFolder, path)))
}
