import { errorTable } from '../../core/kernel/plugin.js'

export const ownErrors = errorTable({ ERR_STORE_MEMORY: 'operator' })
