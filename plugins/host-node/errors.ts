// The codes of this plugin. Imports little: commands that only read files load it too.
import { errorTable } from '../../core/base/errors.js'

export const hostErrors = errorTable({
  ERR_DATAGRAM_BIND: 'operator',
  ERR_HTTP_LISTEN: 'operator',
  ERR_HTTP_URL: 'operator',
  ERR_HTTP_TIMEOUT: 'remote',
  ERR_HTTP_ABORTED: 'remote',
  ERR_HTTP_TOO_BIG: 'remote',
  ERR_HTTP_REDIRECT: 'remote',
  ERR_HTTP_ADDRESS: 'remote',
  ERR_HTTP_ENCODING: 'remote',
  ERR_HTTP_FAILED: 'remote',
  ERR_FILE_ABSENT: 'operator',
  ERR_FILE_DENIED: 'operator',
  ERR_FILE_FULL: 'operator',
  ERR_FILE_KIND: 'operator',
  ERR_FILE_NAME: 'operator',
  ERR_FILE_LOCKED: 'operator',
  ERR_FILE_FAILED: 'operator',
  ERR_NAME_UNKNOWN: 'remote',
})
