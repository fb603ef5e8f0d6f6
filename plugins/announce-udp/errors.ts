import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({
  ERR_ANNOUNCE_UDP_URL: 'operator',
  ERR_ANNOUNCE_UDP_REFUSED: 'remote',
  ERR_ANNOUNCE_UDP_TIMEOUT: 'remote',
  ERR_ANNOUNCE_UDP_UNREACHABLE: 'remote',
  ERR_ANNOUNCE_UDP_ABORTED: 'remote',
})
