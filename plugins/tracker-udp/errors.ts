import { errorTable } from '../../core/kernel/plugin.js'

export const ownErrors = errorTable({ ERR_TRACKER_UDP_IO: 'operator' })
