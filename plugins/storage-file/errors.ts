import { errorTable } from '../../core/base/errors.js'

export const storageErrors = errorTable({
  ERR_STORAGE_CLOSED: 'defect',
  ERR_STORAGE_RANGE: 'defect',
  ERR_STORAGE_BUFFER: 'defect',
  ERR_STORAGE_SPEC: 'defect',
  ERR_STORAGE_WORKER: 'defect',
  ERR_STORAGE_PATH: 'operator',
  ERR_STORAGE_EXISTS: 'operator',
  ERR_STORAGE_MISSING: 'operator',
  ERR_STORAGE_PERMISSION: 'operator',
  ERR_STORAGE_FULL: 'operator',
  ERR_STORAGE_IO: 'operator',
})
