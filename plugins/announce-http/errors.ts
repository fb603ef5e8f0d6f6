import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({
  ERR_ANNOUNCE_HTTP_URL: 'operator',
  ERR_ANNOUNCE_HTTP_REFUSED: 'remote',
  ERR_ANNOUNCE_HTTP_FAILED: 'remote',
  ERR_ANNOUNCE_HTTP_ABORTED: 'remote',
})
