import { errorTable } from '../../core/base/errors.js'

export const metricsErrors = errorTable({ ERR_METRICS_LISTEN: 'operator' })
