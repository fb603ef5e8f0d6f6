import { errorTable } from '../../core/kernel/plugin.js'

export const clientErrors = errorTable({
  ERR_CLIENT_LISTEN: 'operator',
  ERR_CLIENT_NO_TORRENT: 'operator',
  ERR_CLIENT_TWICE: 'operator',
  ERR_CLIENT_UNKNOWN: 'operator',
  ERR_CLIENT_ANNOUNCE: 'operator',
  ERR_CLIENT_STATE: 'operator',
  ERR_CLIENT_FAILED: 'defect',
})
