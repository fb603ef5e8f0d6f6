// The folders of a torrent that nothing lies in any more.
import fs from 'node:fs'
import path from 'node:path'
import type { ContentFile } from './disk-content.js'

/** Deletes those above its files that are empty, innermost first, never the root itself. */
export function deleteEmptyFolders(root: string, files: readonly ContentFile[]): void {
  const folders = new Set<string>()
  for (const file of files) {
    for (let up = file.path.length - 1; up > 0; up--) folders.add(path.join(root, ...file.path.slice(0, up)))
  }
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      fs.rmdirSync(folder)
    } catch {
      // Not empty, so it holds what is not the torrent's; or gone already.
    }
  }
}
