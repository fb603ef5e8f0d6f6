import { errorTable } from '../../core/kernel/plugin.js'

export const ownErrors = errorTable({ ERR_ACCESS_LIST: 'operator' })
