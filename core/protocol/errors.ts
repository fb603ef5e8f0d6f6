// Codes of this layer. They are thrown for files and replies read as a whole; streams and packets give fault numbers or null.
import { errorTable } from '../base/errors.js'

export const protocolErrors = errorTable({
  ERR_BENCODE_SYNTAX: 'remote',
  ERR_BENCODE_LIMIT: 'remote',
  ERR_BENCODE_RANGE: 'remote',
  ERR_BENCODE_VALUE: 'defect',
  ERR_TRACKER_REPLY: 'remote',
  ERR_METAINFO_SYNTAX: 'remote',
  ERR_METAINFO_FIELD: 'remote',
  ERR_METAINFO_SIZE: 'remote',
  ERR_METAINFO_PIECES: 'remote',
  ERR_METAINFO_HYBRID: 'remote',
  ERR_METAINFO_LAYERS: 'remote',
  ERR_METAINFO_V2_ONLY: 'operator',
  ERR_METAINFO_SOURCE: 'operator',
  ERR_METAINFO_PIECE_LENGTH: 'operator',
})
