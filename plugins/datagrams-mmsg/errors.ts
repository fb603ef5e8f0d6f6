import { errorTable } from '../../core/kernel/plugin.js'

export const batchedErrors = errorTable({
  ERR_DATAGRAM_BIND: 'operator',
  ERR_DATAGRAM_UNUSABLE: 'operator',
  ERR_DATAGRAM_THREAD: 'defect',
})
