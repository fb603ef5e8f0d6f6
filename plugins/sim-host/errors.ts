import { errorTable } from '../../core/kernel/plugin.js'

// The codes of host-node, as far as its faults can happen here.
export const errors = errorTable({
  ERR_DATAGRAM_BIND: 'operator',
  ERR_HTTP_LISTEN: 'operator',
  ERR_HTTP_URL: 'operator',
  ERR_HTTP_TIMEOUT: 'remote',
  ERR_HTTP_ABORTED: 'remote',
  ERR_HTTP_TOO_BIG: 'remote',
  ERR_HTTP_ADDRESS: 'remote',
  ERR_HTTP_FAILED: 'remote',
  ERR_FILE_ABSENT: 'operator',
  ERR_FILE_FAILED: 'operator',
  ERR_FILE_FULL: 'operator',
  ERR_FILE_LOCKED: 'operator',
  ERR_NAME_UNKNOWN: 'remote',
})
