// The connections of an HTTP load generator, all to one tracker on loopback, for so many seconds.
import net from 'node:net'
import type { HttpAnnounced, HttpAnnouncer, HttpAnnouncing, HttpConnection } from './http-announcer.js'
import { integer, socketAddress, type SystemLibrary, systemLibrary } from './system-library.js'

const LOOPBACK = 0x7f000001
const READ_BYTES = 64 * 1024

const AF_INET = 2
const SOCK_STREAM = 1
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const EAGAIN = 11
const POLLIN = 1
/** struct pollfd. */
const POLLED = 8
const WAIT_MS = 10

/** By system calls of our own, which cost a third of what Node's sockets do; null: not on this machine. */
export async function polledHttp(
  announcer: HttpAnnouncer,
  port: number,
  plan: HttpAnnouncing,
): Promise<HttpAnnounced | null> {
  const library = await systemLibrary()
  if (library === null) return null
  const polled = new PolledHttp(library, announcer, port, plan)
  const began = performance.now()
  const end = began + plan.seconds * 1000
  let now = began
  for (; now < end; now = performance.now()) polled.turn()
  polled.close()
  return announcer.summary((now - began) / 1000, 'poll, send and recv')
}

class PolledHttp {
  private readonly calls: ReturnType<typeof callsOf>
  private readonly to: Uint8Array
  private readonly connections: HttpConnection[] = []
  private readonly polled: Uint8Array
  private readonly words: DataView
  private readonly reading = Buffer.alloc(READ_BYTES)
  private readonly writing = Buffer.alloc(READ_BYTES)

  constructor(
    library: SystemLibrary,
    private readonly announcer: HttpAnnouncer,
    port: number,
    private readonly plan: HttpAnnouncing,
  ) {
    this.calls = callsOf(library)
    this.to = socketAddress(LOOPBACK, port)
    this.polled = new Uint8Array(POLLED * plan.connections)
    this.words = new DataView(this.polled.buffer)
    for (let i = 0; i < plan.connections; i++) this.connect(i)
  }

  /** Reads what has come on any connection, and asks for more. */
  turn(): void {
    const { plan, words } = this
    if (this.calls.poll(this.polled, plan.connections, WAIT_MS) <= 0) return
    for (let i = 0; i < plan.connections; i++) if (words.getInt16(i * POLLED + 6, true) !== 0) this.read(i)
  }

  close(): void {
    for (let i = 0; i < this.plan.connections; i++) this.calls.close(this.words.getInt32(i * POLLED, true))
  }

  private connect(i: number): void {
    const { calls, words } = this
    const fd = calls.socket(AF_INET, SOCK_STREAM, 0)
    calls.setOption(fd, IPPROTO_TCP, TCP_NODELAY, integer(1), 4)
    if (fd < 0 || calls.connect(fd, this.to, this.to.length) < 0) throw new Error(`connect: error ${calls.errno()}`)
    words.setInt32(i * POLLED, fd, true)
    words.setInt16(i * POLLED + 4, POLLIN, true)
    const connection = (this.connections[i] = this.announcer.connected())
    this.write(i, this.announcer.ask(connection, this.plan.keepAlive ? this.plan.pipeline : 1))
  }

  private read(i: number): void {
    const { calls, announcer, reading } = this
    const connection = this.connections[i]!
    const count = calls.recv(this.words.getInt32(i * POLLED, true), reading, READ_BYTES, MSG_DONTWAIT)
    if (count < 0 && calls.errno() === EAGAIN) return
    const text = count > 0 ? announcer.take(connection, reading.subarray(0, count)) : null
    if (text !== null) return this.write(i, text)
    announcer.closed(connection)
    calls.close(this.words.getInt32(i * POLLED, true))
    this.connect(i)
  }

  /** Requests are short, and so few on their way that the system takes them at once; one that has closed is read as closed. */
  private write(i: number, text: string): void {
    if (text === '') return
    const length = this.writing.write(text, 'latin1')
    this.calls.send(this.words.getInt32(i * POLLED, true), this.writing, length, MSG_NOSIGNAL)
  }
}

function callsOf({ libc, errno }: SystemLibrary) {
  const socket: (family: number, type: number, protocol: number) => number = libc.func('int socket(int, int, int)')
  const close: (fd: number) => number = libc.func('int close(int)')
  const connect: (fd: number, to: Uint8Array, length: number) => number = libc.func('int connect(int, void *, uint)')
  const setOption: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number = libc.func(
    'int setsockopt(int, int, int, void *, uint)',
  )
  const poll: (polled: Uint8Array, count: number, waitMs: number) => number = libc.func('int poll(void *, ulong, int)')
  const send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number = libc.func(
    'intptr_t send(int, void *, size_t, int)',
  )
  const recv: (fd: number, bytes: Uint8Array, length: number, flags: number) => number = libc.func(
    'intptr_t recv(int, void *, size_t, int)',
  )
  return { socket, close, connect, setOption, poll, send, recv, errno }
}

/** By Node's own sockets. */
export async function nodeHttp(announcer: HttpAnnouncer, port: number, plan: HttpAnnouncing): Promise<HttpAnnounced> {
  const open = new Set<net.Socket>()
  let running = true
  const connect = (): void => {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const connection = announcer.connected()
    const callback = (length: number): boolean => {
      const text = running ? announcer.take(connection, buffer.subarray(0, length)) : ''
      if (text === null) socket.end()
      else if (text !== '') socket.write(text, 'latin1')
      return true
    }
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback } })
    socket.on('connect', () => socket.write(announcer.ask(connection, plan.keepAlive ? plan.pipeline : 1), 'latin1'))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      open.delete(socket)
      if (!running) return
      announcer.closed(connection)
      connect()
    })
    open.add(socket)
  }
  const began = performance.now()
  for (let i = 0; i < plan.connections; i++) connect()
  await new Promise(resolve => setTimeout(resolve, plan.seconds * 1000))
  const seconds = (performance.now() - began) / 1000
  running = false
  for (const socket of open) socket.destroy()
  return announcer.summary(seconds, 'node:net')
}
