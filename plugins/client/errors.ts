import { messageOf } from '../../core/base/errors.js'
import { errorTable, NodeError } from '../../core/kernel/plugin.js'

export const clientErrors = errorTable({
  ERR_CLIENT_LISTEN: 'operator',
  ERR_CLIENT_NO_TORRENT: 'operator',
  ERR_CLIENT_FILES: 'operator',
  ERR_CLIENT_TWICE: 'operator',
  ERR_CLIENT_UNKNOWN: 'operator',
  ERR_CLIENT_STOPPING: 'operator',
  ERR_CLIENT_ANNOUNCE: 'operator',
  ERR_CLIENT_LIMIT: 'operator',
  ERR_CLIENT_STATE: 'operator',
  ERR_CLIENT_DAMAGED: 'operator',
  ERR_CLIENT_MOVE: 'operator',
  ERR_CLIENT_FAILED: 'defect',
})

/** What went wrong with a torrent: told as it is, or as our defect where nobody said whose it is. */
export function failed(torrent: string, error: unknown): NodeError {
  if (NodeError.is(error)) return error
  return clientErrors.make('ERR_CLIENT_FAILED', `torrent ${torrent}: ${messageOf(error)}`, { cause: error })
}
