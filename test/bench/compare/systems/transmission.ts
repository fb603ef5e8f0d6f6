import { found, versionOf } from '../installed.js'
import type { System } from '../system.js'

export const transmission: System = {
  name: 'transmission',
  missing: found('transmission-create') ? null : 'transmission-create is not on PATH: install transmission-cli',
  version: versionOf('transmission-create', '-V'),
  create: ({ content, target }) => ({
    words: ['transmission-create', '-s', String(content.pieceLength / 1024), '-o', target, content.path],
  }),
}
