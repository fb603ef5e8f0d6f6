import { errorTable } from '../../core/base/errors.js'

export const memoryErrors = errorTable({
  ERR_STORAGE_CLOSED: 'defect',
  ERR_STORAGE_RANGE: 'defect',
  ERR_STORAGE_MISSING: 'operator',
  ERR_STORAGE_FULL: 'operator',
})
