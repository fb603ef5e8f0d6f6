// What Linux keeps where on 64-bit machines, in bytes. `system-calls` holds it against the compiler's rules before
// anything is read or written by it.

export const SOCKADDR_IN = { size: 16, family: 0, port: 2, address: 4 } as const
export const SOCKADDR_IN6 = { size: 28, family: 0, port: 2, flow: 4, address: 8, scope: 24 } as const
export const TIMEVAL = { size: 16, seconds: 0, micros: 8 } as const
export const IOVEC = { size: 16, base: 0, length: 8 } as const
/** A msghdr, and behind it how many bytes came or went. */
export const MMSGHDR = {
  size: 64,
  name: 0,
  nameLength: 8,
  vectors: 16,
  vectorCount: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  length: 56,
} as const
