// The node a newcomer starts: a profile of the package, beside a share folder, in a folder of its own.
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place } from './places.js'
import { Shoal } from './shoal.js'

const profiles = fileURLToPath(new URL('../../../config', import.meta.url))

export interface SharingNode {
  readonly announce: readonly string[]
  readonly magnet: string
  readonly infoHash: string
  /** The .torrent it wrote. */
  readonly torrent: string
  readonly shoal: Shoal
}

/** Resolves once it shares the content and its trackers know so. */
export async function startSharing(at: Place, home: string, content: string, profile: string): Promise<SharingNode> {
  cpSync(profiles, join(home, 'config'), { recursive: true })
  mkdirSync(join(home, 'share'))
  cpSync(content, join(home, 'share', 'content'), { recursive: true })
  const shoal = Shoal.start(at, ['start', join('config', profile)], { cwd: home })
  const ready = await shoal.event('ready')
  const { magnet, infoHash } = await shoal.event('torrent')
  await shoal.event('announce')
  const shared = join(home, '.shoal', 'shared')
  const torrent = readdirSync(shared).find(name => name.endsWith('.torrent')) ?? 'none'
  return {
    announce: ready['announce'] as readonly string[],
    magnet: String(magnet),
    infoHash: String(infoHash),
    torrent: join(shared, torrent),
    shoal,
  }
}
