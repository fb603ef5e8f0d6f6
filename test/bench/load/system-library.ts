// The system's own library, by the optional package koffi.
import type { LibraryHandle } from 'koffi'

export interface SystemLibrary {
  readonly libc: LibraryHandle
  /** Of memory that does not move: shared memory. */
  address(bytes: Uint8Array): bigint
  /** Why the last call failed. */
  errno(): number
}

/** null: not on this machine. Structs are laid out here as on Linux with 64 bits, little end first, with glibc. */
export async function systemLibrary(): Promise<SystemLibrary | null> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return null
  const koffi = await import('koffi').catch(() => null)
  if (koffi === null) return null
  try {
    const libc = koffi.load('libc.so.6')
    return { libc, address: bytes => koffi.address(bytes), errno: () => koffi.errno() }
  } catch {
    return null
  }
}

const AF_INET = 2

/** struct sockaddr_in. */
export function socketAddress(address: number, port: number): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_INET, true)
  view.setUint16(2, port)
  view.setUint32(4, address)
  return bytes
}

/** What an int is to the system. */
export function integer(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}
