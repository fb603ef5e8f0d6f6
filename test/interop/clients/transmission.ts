import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '../places.js'
import { onPath, type Program } from '../programs.js'
import { type ForeignClient, withOptions } from './client.js'

/** `settings` as in its settings.json. It dials by uTP first and, where nobody answers, by TCP a quarter of an hour later. */
export function transmission(settings: Readonly<Record<string, unknown>> = {}): ForeignClient {
  const run = async (at: Place, source: string, folder: string, more: readonly string[]): Promise<Program> => {
    const state = mkdtempSync(join(folder, '.transmission-'))
    const alone = { 'dht-enabled': false, 'lpd-enabled': false }
    writeFileSync(join(state, 'settings.json'), JSON.stringify({ ...alone, ...settings }))
    const script = join(state, 'whole')
    writeFileSync(script, '#!/bin/sh\necho whole\n')
    chmodSync(script, 0o755)
    const place = ['-g', state, '-w', folder, '-p', `${await at.port()}`, '-M', '-f', script]
    return at.start('transmission-cli', [...place, ...more, source])
  }
  return {
    name: `Transmission${withOptions(settings)}`,
    missing: onPath('transmission-cli') === null ? 'transmission-cli' : null,
    loopback: false,
    emptyFiles: false,
    // It checks whole content by itself. Asked to with -v it checks twice, and at times ends in between.
    seed: (at, torrent, folder) => run(at, torrent, folder, []),
    async get(at, source, folder) {
      const program = await run(at, source, folder, [])
      await program.printed('whole')
      await program.stop()
    },
  }
}
