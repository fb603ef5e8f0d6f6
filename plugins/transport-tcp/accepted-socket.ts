// Node lets dialled sockets read into a buffer of ours and gives accepted ones a fresh 64 KiB for each read, which costs
// three times the CPU (page faults). So the handle of an accepted socket moves to a new one that has the buffer.
import { Socket } from 'node:net'

/**
 * The socket that goes on with the connection, reading nothing until it is resumed; null where this Node does not have
 * its handle in the usual place: then the accepted socket is as it was, and its 'data' must do.
 */
export function readInto(
  accepted: Socket,
  buffer: Uint8Array,
  callback: (length: number, buffer: Uint8Array) => boolean,
): Socket | null {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return null
  const options = { handle, readable: true, writable: true, pauseOnCreate: true, onread: { buffer, callback } }
  const socket = new Socket(options)
  // The server counts it as gone, and nothing is left that could close the handle twice.
  Reflect.set(accepted, '_handle', null)
  accepted.destroy()
  return socket
}
