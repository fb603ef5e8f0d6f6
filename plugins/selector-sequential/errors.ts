import { errorTable } from '../../core/kernel/plugin.js'

export const errors = errorTable({ ERR_SEQUENTIAL_OPTIONS: 'operator' })
