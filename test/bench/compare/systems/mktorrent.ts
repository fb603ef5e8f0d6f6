import { found, versionOf } from '../installed.js'
import type { System } from '../system.js'

export const mktorrent: System = {
  name: 'mktorrent',
  missing: found('mktorrent') ? null : 'mktorrent is not on PATH: install mktorrent',
  version: versionOf('mktorrent', '-h'),
  create: ({ content, target }) => ({
    words: ['mktorrent', '-l', String(Math.log2(content.pieceLength)), '-t', '2', '-o', target, content.path],
  }),
}
