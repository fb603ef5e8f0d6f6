// Where commands that have no profile keep a node's state.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['XDG_STATE_HOME']
  // The specification has relative paths ignored.
  return join(named !== undefined && isAbsolute(named) ? named : join(homedir(), '.local', 'state'), 'shoal')
}
