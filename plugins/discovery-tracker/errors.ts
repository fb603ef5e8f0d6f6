import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({
  ERR_DISCOVERY_NO_CLIENT: 'operator',
  ERR_DISCOVERY_NO_ANSWER: 'remote',
  ERR_DISCOVERY_STOPPED: 'remote',
  ERR_DISCOVERY_URL: 'operator',
})
