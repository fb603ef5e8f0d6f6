// Codes of this layer. They are thrown for files and replies read as a whole; streams and packets give fault numbers or null.
import { errorTable } from '../base/errors.js'

export const protocolErrors = errorTable({
  ERR_BENCODE_SYNTAX: 'remote',
  ERR_BENCODE_LIMIT: 'remote',
  ERR_BENCODE_RANGE: 'remote',
  ERR_BENCODE_VALUE: 'defect',
  ERR_TRACKER_REPLY: 'remote',
})
