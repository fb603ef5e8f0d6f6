import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({
  ERR_LINK_LISTEN: 'operator',
  ERR_LINK_REFUSED: 'remote',
  ERR_LINK_UNREACHABLE: 'remote',
  ERR_LINK_ABORTED: 'remote',
})
