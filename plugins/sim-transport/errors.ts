import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({
  ERR_TRANSPORT_LISTEN: 'operator',
  ERR_TRANSPORT_REFUSED: 'remote',
  ERR_TRANSPORT_UNREACHABLE: 'remote',
  ERR_TRANSPORT_ABORTED: 'remote',
})
