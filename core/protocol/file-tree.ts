// The files of an info dictionary as version 2 has them: a tree of names (BEP 52). Walked once and without recursion.
import { ABSENT, type Bencoded } from './bencoded.js'
import { fieldFault, readAttributes, readLength, sizeFault, type ListedFile } from './file-list.js'
import { MAX_PATH_DEPTH } from './limits.js'

/** In the order of the tree, which is that of the content. `tree`: the value of "file tree". */
export function readFileTree(torrent: Bencoded, tree: number): ListedFile[] {
  if (!torrent.isDictionary(tree)) throw fieldFault('"file tree" is no dictionary')
  const files: ListedFile[] = []
  const path: Uint8Array[] = []
  // The key to read next at each depth; ABSENT: that folder is done.
  const keys = [torrent.first(tree)]
  while (keys.length > 0) {
    const key = keys.pop() ?? ABSENT
    if (key === ABSENT) {
      path.pop()
      continue
    }
    const below = torrent.valueOf(key)
    keys.push(torrent.after(below))
    const name = torrent.string(key)
    if (name === null || name.length === 0) throw fieldFault('a file of the tree has no name')
    const first = torrent.first(below)
    if (first === ABSENT) throw fieldFault('an entry of the file tree is neither file nor folder')
    path.push(name)
    if (path.length > MAX_PATH_DEPTH) throw sizeFault(`a path is deeper than ${MAX_PATH_DEPTH} folders`)
    if (torrent.string(first)?.length === 0) {
      if (torrent.after(torrent.valueOf(first)) !== ABSENT) throw fieldFault('a file of the tree is a folder too')
      files.push(readLeaf(torrent, torrent.valueOf(first), [...path]))
      path.pop()
    } else keys.push(first)
  }
  if (files.length === 0) throw fieldFault('"file tree" is empty')
  return files
}

function readLeaf(torrent: Bencoded, leaf: number, path: readonly Uint8Array[]): ListedFile {
  if (!torrent.isDictionary(leaf)) throw fieldFault('a file of the tree is no dictionary')
  const { padding, symlink } = readAttributes(torrent, leaf)
  if (padding) throw fieldFault('the file tree holds padding, which version 2 has no use for')
  const length = symlink ? 0 : readLength(torrent, torrent.get(leaf, 'length'))
  const root = torrent.string(torrent.get(leaf, 'pieces root'))
  if (length === 0) return { path, length, padding, symlink, root: null }
  if (root?.length !== 32 || root.every(byte => byte === 0)) {
    throw fieldFault('a file of the tree has no "pieces root" of 32 bytes')
  }
  return { path, length, padding, symlink, root }
}
