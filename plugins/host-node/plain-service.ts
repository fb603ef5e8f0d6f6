// The connections that plain GETs come by: one timer for all of them, and the heads of their replies.
import { STATUS_CODES } from 'node:http'
import { PlainConnection } from './plain-connection.js'
import { mixSocketOptions } from './socket-options.js'
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { HttpReply, HttpRequest } from '../../core/contracts/host.js'
import type { PlainOwner } from './plain-connection.js'

export type HttpHandler = (request: HttpRequest, respond: (reply: HttpReply) => void) => void

const CHECK_MS = 500

export class PlainService implements PlainOwner {
  now = 0
  private readonly open = new Set<PlainConnection>()
  /** Sockets that node:http has, until their first head has come: by when it must. */
  private readonly handed = new Map<Socket, number>()
  /** How many node:http has. */
  private others = 0
  private readonly timer: Timer
  private status = 0
  private type = ''
  /** What replies of that status and type begin with, for half a second. */
  private begin = ''

  constructor(
    readonly take: HttpHandler,
    private readonly nodeHttp: (socket: Socket) => void,
    private readonly clock: Clock,
  ) {
    this.timer = clock.every(CHECK_MS, () => this.check())
    mixSocketOptions()
  }

  get connections(): number {
    return this.open.size + this.others
  }

  accept(socket: Socket): void {
    this.open.add(new PlainConnection(socket, this))
  }

  /** node:http has read a head. */
  headCame(socket: Socket): void {
    this.handed.delete(socket)
  }

  close(): void {
    this.timer.cancel()
    for (const connection of this.open) connection.destroy()
  }

  headOf({ status, type, body, encoding }: HttpReply): string {
    if (status !== this.status || type !== this.type || this.begin === '') {
      this.status = status
      this.type = type
      const date = new Date(this.clock.epoch()).toUTCString()
      const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`
      this.begin = `${line}\r\nContent-Type: ${type}\r\nDate: ${date}\r\nContent-Length: `
    }
    const head = `${this.begin}${body.length}\r\n`
    return encoding === undefined ? head : `${head}Content-Encoding: ${encoding}\r\nVary: Accept-Encoding\r\n`
  }

  handOver(socket: Socket, rest: Buffer, deadline: number): void {
    this.handed.set(socket, deadline)
    this.others++
    socket.once('close', () => {
      this.others--
      this.handed.delete(socket)
    })
    socket.pause()
    socket.setNoDelay(true)
    socket.unshift(rest)
    this.nodeHttp(socket)
    socket.resume()
  }

  gone(connection: PlainConnection): void {
    this.open.delete(connection)
  }

  private check(): void {
    this.now += CHECK_MS
    this.begin = ''
    // Again and again, as the engine forgets what it learned of code that rests.
    mixSocketOptions(1)
    for (const connection of this.open) if (connection.deadline <= this.now) connection.expire()
    for (const [socket, deadline] of this.handed) if (deadline <= this.now) socket.destroy()
  }
}
