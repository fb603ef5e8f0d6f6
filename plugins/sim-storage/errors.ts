import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({
  ERR_STORAGE_CLOSED: 'defect',
  ERR_STORAGE_FULL: 'operator',
  ERR_STORAGE_MISSING: 'operator',
  ERR_STORAGE_EXISTS: 'operator',
})
