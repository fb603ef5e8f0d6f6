// Data this project did not make, read from the fixtures folder beside the repository; tests skip where it is absent.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = process.env['SHOAL_FIXTURES'] ?? resolve(import.meta.dirname, '../../../../../shared/fixtures')

export function haveFixtures(): boolean {
  return existsSync(folder)
}

export function fixture<T>(path: string): T {
  return JSON.parse(readFileSync(resolve(folder, path), 'utf8')) as T
}

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(folder, path)))
}
