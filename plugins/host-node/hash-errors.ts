// Apart from errors.ts, whose imports cost more than hashing a small torrent does.
import { errorTable } from '../../core/base/errors.js'

export const hashErrors = errorTable({
  ERR_HASH_SHORT: 'operator',
  ERR_HASH_READ: 'operator',
  ERR_HASH_THREAD: 'defect',
})
