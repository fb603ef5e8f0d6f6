// The same by recvmmsg and sendmmsg, for Linux on 64 bits with glibc and the optional package koffi: a core of this drives more than
// a core of any tracker answers.
import { ANNOUNCE_LENGTH } from '../../../core/protocol/tracker-udp.js'
import { integer, socketAddress, type SystemLibrary, systemLibrary } from './system-library.js'
import { ANSWER_ROOM, BATCH, sourceAddress, type UdpPlace, type UdpSockets } from './udp-sockets.js'

const AF_INET = 2
const SOCK_DGRAM = 2
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SOL_UDP = 17
const UDP_SEGMENT = 103
const MSG_DONTWAIT = 0x40
const RECEIVE_BUFFER = 8 << 20
const NAP_US = 20

/** struct iovec and struct mmsghdr on 64 bits, little end first. */
const IOVEC = 16
const HEADER = 64

/** null: not on this machine. `segmented`: a batch passes most of the network's code as one packet, which makes it cheap to send. */
export async function mmsgSockets(place: UdpPlace, segmented: boolean): Promise<UdpSockets | null> {
  const library = await systemLibrary()
  return library === null ? null : open(callsOf(library), place, segmented)
}

type Calls = ReturnType<typeof callsOf>

function callsOf({ libc, address, errno }: SystemLibrary) {
  const socket: (family: number, type: number, protocol: number) => number = libc.func('int socket(int, int, int)')
  const close: (fd: number) => number = libc.func('int close(int)')
  const bind: (fd: number, at: Uint8Array, length: number) => number = libc.func('int bind(int, void *, uint)')
  const connect: (fd: number, to: Uint8Array, length: number) => number = libc.func('int connect(int, void *, uint)')
  const setOption: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number = libc.func(
    'int setsockopt(int, int, int, void *, uint)',
  )
  const send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number = libc.func(
    'intptr_t send(int, void *, size_t, int)',
  )
  const sendmmsg: (fd: number, headers: Uint8Array, count: number, flags: number) => number = libc.func(
    'int sendmmsg(int, void *, uint, int)',
  )
  const recvmmsg: (fd: number, headers: Uint8Array, count: number, flags: number, wait: null) => number = libc.func(
    'int recvmmsg(int, void *, uint, int, void *)',
  )
  const usleep: (microseconds: number) => number = libc.func('int usleep(uint)')
  return { socket, close, bind, connect, setOption, send, sendmmsg, recvmmsg, usleep, address, errno }
}

function open(calls: Calls, { host, port, sources }: UdpPlace, segmented: boolean): UdpSockets {
  const sockets: number[] = []
  const check = (result: number, what: string): number => {
    if (result >= 0) return result
    throw new Error(`${what} failed with error ${calls.errno()} of the system`)
  }
  for (let nth = 0; nth < sources; nth++) {
    const fd = check(calls.socket(AF_INET, SOCK_DGRAM, 0), 'socket')
    sockets.push(fd)
    calls.setOption(fd, SOL_SOCKET, SO_RCVBUF, integer(RECEIVE_BUFFER), 4)
    if (segmented) check(calls.setOption(fd, SOL_UDP, UDP_SEGMENT, integer(ANNOUNCE_LENGTH), 4), 'UDP_SEGMENT')
    check(calls.bind(fd, socketAddress(sourceAddress(nth), 0), 16), 'bind')
    check(calls.connect(fd, socketAddress(numeric(host), port), 16), 'connect')
  }
  const outgoing = new Uint8Array(new SharedArrayBuffer(BATCH * ANNOUNCE_LENGTH))
  const incoming = new Uint8Array(new SharedArrayBuffer(BATCH * ANSWER_ROOM))
  const sends = headers(calls, outgoing, ANNOUNCE_LENGTH)
  const reads = headers(calls, incoming, ANSWER_ROOM)
  const readWords = new Int32Array(reads.bytes.buffer)
  const lengths = new Int32Array(BATCH)
  return {
    io: segmented ? 'send with UDP_SEGMENT, and recvmmsg' : 'sendmmsg and recvmmsg',
    outgoing,
    incoming,
    lengths,
    send(source, count) {
      if (!segmented) return Math.max(0, calls.sendmmsg(sockets[source]!, sends.bytes, count, 0))
      const sent = calls.send(sockets[source]!, outgoing, count * ANNOUNCE_LENGTH, 0)
      return Math.max(0, Math.floor(sent / ANNOUNCE_LENGTH))
    },
    sendOne: (source, length) => void calls.send(sockets[source]!, outgoing, length, 0),
    receive(source) {
      const count = calls.recvmmsg(sockets[source]!, reads.bytes, BATCH, MSG_DONTWAIT, null)
      for (let i = 0; i < count; i++) lengths[i] = readWords[i * (HEADER / 4) + 14]!
      return Math.max(0, count)
    },
    nap: () => void calls.usleep(NAP_US),
    turn: null,
    close: async () => sockets.forEach(fd => calls.close(fd)),
  }
}

/** A header and an iovec for each packet; what they point to must not move, so it lies in shared memory, as they do. */
function headers({ address }: Calls, packets: Uint8Array, stride: number): { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(new SharedArrayBuffer(BATCH * (HEADER + IOVEC)))
  const view = new DataView(bytes.buffer)
  const [here, there] = [address(bytes), address(packets)]
  for (let i = 0; i < BATCH; i++) {
    const vector = BATCH * HEADER + i * IOVEC
    view.setBigUint64(vector, there + BigInt(i * stride), true)
    view.setBigUint64(vector + 8, BigInt(stride), true)
    view.setBigUint64(i * HEADER + 16, here + BigInt(vector), true)
    view.setBigUint64(i * HEADER + 24, 1n, true)
  }
  return { bytes }
}

function numeric(host: string): number {
  return host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
