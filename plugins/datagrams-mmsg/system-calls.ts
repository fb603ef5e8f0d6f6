// The only file that calls the system past Node, and the only one that knows koffi. A wrong pointer ends the process or
// worse, so every pointer is made here, from memory that cannot move or go while it is held, and within its bounds.
import { getSystemErrorName } from 'node:util'
import { messageOf, systemCode } from '../../core/base/errors.js'
import { IOVEC, MMSGHDR, SOCKADDR_IN, SOCKADDR_IN6, TIMEVAL } from './struct-layouts.js'
import type Koffi from 'koffi'

type Library = typeof Koffi
export type LoadKoffi = () => Promise<{ readonly default: Library }>

export const loadKoffi: LoadKoffi = () => import('koffi')

const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_WAITFORONE = 0x10000

/** As C declares them; addresses of pinned memory are numbers. */
interface Libc {
  socket(family: number, type: number, protocol: number): number
  close(fd: number): number
  bind(fd: number, name: Uint8Array, length: number): number
  getsockname(fd: number, name: Uint8Array, length: Uint32Array): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number
  getsockopt(fd: number, level: number, option: number, value: Uint32Array, length: Uint32Array): number
  sendto(fd: number, bytes: Uint8Array, count: number, flags: number, name: Uint8Array, length: number): number
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number
  sendmmsg(fd: number, messages: number, count: number, flags: number): number
}

/** Shared memory: it neither moves nor can be taken away while somebody holds it. */
export class PinnedMemory {
  constructor(
    readonly buffer: SharedArrayBuffer,
    private readonly base: number,
  ) {}

  /** The address of `length` bytes at `offset`, all of which are inside. */
  pointer(offset: number, length: number): number {
    const inside = Number.isInteger(offset) && offset >= 0 && length >= 0 && offset + length <= this.buffer.byteLength
    if (!inside) throw new RangeError(`${length} bytes at ${offset} do not lie within ${this.buffer.byteLength}`)
    return this.base + offset
  }
}

/** What fails throws an error with the system's name for it (EADDRINUSE) as `code`, but for the calls made in a loop. */
export class SystemCalls {
  private constructor(
    private readonly koffi: Library,
    private readonly libc: Libc,
  ) {}

  /** Rejects, in words for an operator, where koffi is not there or lays structs out in another way than is written here. */
  static async open(load: LoadKoffi = loadKoffi): Promise<SystemCalls> {
    let koffi: Library
    try {
      koffi = (await load()).default
    } catch (error) {
      if (systemCode(error) === 'ERR_MODULE_NOT_FOUND') throw new Error('koffi is not installed: npm install koffi')
      throw new Error(`koffi cannot be loaded: ${messageOf(error)}`, { cause: error })
    }
    assertLayouts(koffi)
    // null: the C library this very process runs with.
    const library = koffi.load(null)
    return new SystemCalls(koffi, {
      socket: library.func('int socket(int, int, int)'),
      close: library.func('int close(int)'),
      bind: library.func('int bind(int, const void *, uint)'),
      getsockname: library.func('int getsockname(int, void *, void *)'),
      setsockopt: library.func('int setsockopt(int, int, int, const void *, uint)'),
      getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
      sendto: library.func('long sendto(int, const void *, size_t, int, const void *, uint)'),
      recvmmsg: library.func('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)'),
      sendmmsg: library.func('int sendmmsg(int, uintptr_t, uint, int)'),
    })
  }

  pin(bytes: number): PinnedMemory {
    const buffer = new SharedArrayBuffer(bytes)
    const base = Number(this.koffi.address(new Uint8Array(buffer)))
    if (!Number.isSafeInteger(base + bytes) || base <= 0) throw new Error(`memory at ${base} cannot be addressed`)
    return new PinnedMemory(buffer, base)
  }

  socket(family: number): number {
    return this.check('socket', this.libc.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0))
  }

  close(fd: number): void {
    this.libc.close(fd)
  }

  bind(fd: number, name: Uint8Array): void {
    this.check('bind', this.libc.bind(fd, name, name.length))
  }

  /** Fills `name` with the address that the socket has. */
  localName(fd: number, name: Uint8Array): void {
    this.check('getsockname', this.libc.getsockname(fd, name, Uint32Array.of(name.length)))
  }

  setOption(fd: number, level: number, option: number, value: Uint8Array): void {
    this.check('setsockopt', this.libc.setsockopt(fd, level, option, value, value.length))
  }

  getOption(fd: number, level: number, option: number, value: Uint32Array): void {
    this.check('getsockopt', this.libc.getsockopt(fd, level, option, value, Uint32Array.of(value.byteLength)))
  }

  /** False: the system did not take it. */
  sendTo(fd: number, bytes: Uint8Array, name: Uint8Array): boolean {
    return this.libc.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, name, name.length) >= 0
  }

  /**
   * Waits for one datagram and takes those that are there, `count` at most, into the message headers at `offset`. How
   * many came, or an error's number, negative.
   */
  receive(fd: number, memory: PinnedMemory, offset: number, count: number): number {
    const messages = memory.pointer(offset, count * MMSGHDR.size)
    const got = this.libc.recvmmsg(fd, messages, count, MSG_WAITFORONE, 0)
    return got < 0 ? -this.koffi.errno() : got
  }

  /** How many of the messages at `offset` were taken, or, of the first, an error's number, negative. */
  send(fd: number, memory: PinnedMemory, offset: number, count: number): number {
    const messages = memory.pointer(offset, count * MMSGHDR.size)
    const sent = this.libc.sendmmsg(fd, messages, count, 0)
    return sent < 0 ? -this.koffi.errno() : sent
  }

  private check(what: string, result: number): number {
    if (result < 0) throw systemError(what, this.koffi.errno())
    return result
  }
}

export function systemError(what: string, errno: number): Error {
  const code = getSystemErrorName(-errno)
  return Object.assign(new Error(`${what} ${code}`), { code })
}

function assertLayouts(koffi: Library): void {
  const msghdr = koffi.struct({
    name: 'void *',
    nameLength: 'uint32',
    vectors: 'void *',
    vectorCount: 'size_t',
    control: 'void *',
    controlLength: 'size_t',
    flags: 'int',
  })
  const bytes = koffi.array('uint8', 16)
  const { size, length, ...header } = MMSGHDR
  assertLayout(koffi, 'mmsghdr', koffi.struct({ header: msghdr, length: 'uint' }), { size, header: 0, length })
  assertLayout(koffi, 'msghdr', msghdr, { size: length, ...header })
  assertLayout(koffi, 'iovec', koffi.struct({ base: 'void *', length: 'size_t' }), IOVEC)
  assertLayout(koffi, 'timeval', koffi.struct({ seconds: 'long', micros: 'long' }), TIMEVAL)
  const v4 = koffi.struct({ family: 'uint16', port: 'uint16', address: 'uint32', zero: koffi.array('uint8', 8) })
  assertLayout(koffi, 'sockaddr_in', v4, SOCKADDR_IN)
  const v6 = koffi.struct({ family: 'uint16', port: 'uint16', flow: 'uint32', address: bytes, scope: 'uint32' })
  assertLayout(koffi, 'sockaddr_in6', v6, SOCKADDR_IN6)
}

function assertLayout(
  koffi: Library,
  name: string,
  type: ReturnType<Library['struct']>,
  { size, ...fields }: { readonly size: number } & Readonly<Record<string, number>>,
): void {
  const found = koffi.sizeof(type)
  if (found !== size) throw new Error(`this machine has ${name} in ${found} bytes, and not in ${size}`)
  for (const [field, offset] of Object.entries(fields)) {
    const at = koffi.offsetof(type, field)
    if (at !== offset) throw new Error(`this machine has "${field}" of ${name} at ${at}, and not at ${offset}`)
  }
}
