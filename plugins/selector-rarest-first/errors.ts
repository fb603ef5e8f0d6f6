import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({ ERR_RAREST_FIRST_OPTIONS: 'operator' })
