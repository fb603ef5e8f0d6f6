import { errorTable } from '../base/errors.js'

export const simErrors = errorTable({
  ERR_SIM_STALLED: 'defect',
  ERR_SIM_TOO_LONG: 'defect',
  ERR_SIM_BROKEN: 'defect',
})
