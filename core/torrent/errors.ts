import { errorTable } from '../base/errors.js'

export const torrentErrors = errorTable({
  ERR_TORRENT_STATE: 'defect',
  ERR_TORRENT_BUFFER: 'operator',
  ERR_TORRENT_SIZE: 'operator',
  ERR_TORRENT_SELECTOR: 'defect',
  ERR_TORRENT_CHOKER: 'defect',
})
