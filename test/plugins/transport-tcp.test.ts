import { execFileSync, spawn } from 'node:child_process'
import { connect, createServer, Socket } from 'node:net'
import { expect } from 'chai'
import { formatEndpoint } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import { PeerTransports } from '../../core/contracts/peer-transport.js'
import plugin from '../../plugins/transport-tcp/index.js'
import { readInto } from '../../plugins/transport-tcp/accepted-socket.js'
import { TcpTransport } from '../../plugins/transport-tcp/tcp-transport.js'
import { register } from '../conformance/case.js'
import { loadPlugin } from '../conformance/load-plugin.js'
import { peerTransportCases } from '../conformance/peer-transport.js'
import { refusal } from '../conformance/refusal.js'
import { systemClock } from './system-clock.js'
import { passing, settle, turn, until } from './waiting.js'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'
import type { PeerLink, PeerSink } from '../../core/contracts/peer-transport.js'
import { at } from './endpoint-at.js'

const never = (): AbortSignal => new AbortController().signal
const options = { sendBufferKiB: 512, readBufferKiB: 128, backlog: 1024 }

for (const address of ['127.0.0.1', '[::1]']) {
  register(
    `transport-tcp on ${address}`,
    peerTransportCases(async () => {
      const { provided, stop } = await loadPlugin(plugin)
      const transport = provided(PeerTransports).get('tcp')
      return { transport, at: at(`${address}:0`), nobody: at(`${address}:1`), ...passing, close: stop }
    }),
  )
}

register(
  'transport-tcp where handles cannot be had',
  peerTransportCases(() => {
    const transport = new TcpTransport(options, systemClock, silentLogger, accepted => {
      // What a socket without one gets, whatever buffer it brings.
      expect(readInto(new Socket(), new Uint8Array(1), () => true)).to.equal(null)
      expect(accepted.destroyed).to.equal(false)
      return null
    })
    const close = (): Promise<void> => Promise.resolve(transport.close())
    return { transport, at: at('127.0.0.1:0'), nobody: at('127.0.0.1:1'), ...passing, close }
  }),
)

describe('transport-tcp', () => {
  let transport: TcpTransport
  beforeEach(() => {
    transport = new TcpTransport(options, systemClock, silentLogger)
  })
  afterEach(() => transport.close())

  function sink(more: Partial<PeerSink> = {}): PeerSink {
    return { onData() {}, onWritable() {}, onClose() {}, ...more }
  }

  /** A bare server, to look at what a link makes of its writes. */
  async function bare(onSocket: (socket: Socket) => void): Promise<{ local: Endpoint; close(): void }> {
    const server = createServer(onSocket)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return { local: at(`127.0.0.1:${(server.address() as AddressInfo).port}`), close: () => void server.close() }
  }

  it('[::] takes both families; IPv4 comes as IPv4', async () => {
    const remotes: string[] = []
    const listener = await transport.listen(at('[::]:0'), link => remotes.push(formatEndpoint(link.remote)))
    for (const host of ['127.0.0.1', '[::1]']) await transport.dial(at(`${host}:${listener.local.port}`), never())
    await until(() => remotes.length === 2)
    expect(remotes.map(text => text.replace(/:\d+$/, '')).sort()).to.deep.equal(['127.0.0.1', '[::1]'])
  })

  it('sends what one turn wrote in one piece', async () => {
    const chunks: number[] = []
    const server = await bare(socket => socket.on('data', chunk => chunks.push(chunk.length)))
    const link = await transport.dial(server.local, never())
    link.open(sink())
    for (let round = 1; round <= 5; round++) {
      for (let i = 0; i < 10; i++) link.write(new Uint8Array(5), new Uint8Array(8))
      expect(link.sent).to.equal(130 * (round - 1))
      await until(() => chunks.length === round)
      expect(link.sent).to.equal(130 * round)
    }
    expect(chunks).to.deep.equal([130, 130, 130, 130, 130])
    server.close()
  })

  it('reads into one buffer, whoever dialled', async () => {
    const buffers = new Set<ArrayBufferLike>()
    const hear = sink({ onData: chunk => buffers.add(chunk.buffer) })
    const listener = await transport.listen(at('127.0.0.1:0'), link => {
      link.open(hear)
      link.write(Uint8Array.of(1))
    })
    let heard = 0
    for (let i = 0; i < 2; i++) {
      const link = await transport.dial(listener.local, never())
      link.open(sink({ onData: chunk => (buffers.add(chunk.buffer), heard++) }))
      link.write(Uint8Array.of(2))
    }
    await until(() => heard === 2)
    await settle()
    expect(buffers.size).to.equal(1)
  })

  it('tells a reset from an end', async () => {
    const closes: (NodeError | null)[] = []
    const sockets: Socket[] = []
    const server = await bare(socket => sockets.push(socket.on('error', () => undefined)))
    for (let i = 0; i < 2; i++) {
      const link = await transport.dial(server.local, never())
      link.open(sink({ onClose: error => closes.push(error) }))
    }
    await until(() => sockets.length === 2)
    sockets[0]?.resetAndDestroy()
    await until(() => closes.length === 1)
    sockets[1]?.end()
    await until(() => closes.length === 2)
    expect(closes[0]).to.include({ code: 'ERR_TRANSPORT_LOST', blame: 'remote' })
    expect(closes[1]).to.equal(null)
    server.close()
  })

  it('names what refused and what cannot be had', async () => {
    const refused = await refusal(transport.dial(at('127.0.0.1:1'), never()), 'remote')
    expect(refused.code).to.equal('ERR_TRANSPORT_REFUSED')
    const busy = await refusal(
      transport.listen(at('192.0.2.1:0'), () => undefined),
      'operator',
    )
    expect(busy.code).to.equal('ERR_TRANSPORT_LISTEN')
    expect(busy.message).to.match(/192\.0\.2\.1:0.*no such address/)
  })

  it('W-6: a peer that reads nothing costs its send buffer and no more', async () => {
    const server = await bare(socket => socket.pause())
    const links = await Promise.all(Array.from({ length: 20 }, () => transport.dial(server.local, never())))
    const block = new Uint8Array(16_384)
    for (const link of links) {
      let open = true
      link.open(sink({ onWritable: () => (open = true) }))
      let given = 0
      for (let quiet = 0; quiet < 5; quiet++) {
        while (open) {
          open = link.write(block)
          given += block.length
          quiet = 0
        }
        await turn()
      }
      expect(open).to.equal(false)
      expect(given - link.sent).to.be.at.most(512 * 1024 + block.length)
    }
    server.close()
  })

  it('W-6: many that read nothing cost less each', async () => {
    const server = await bare(socket => socket.pause())
    const links = await Promise.all(Array.from({ length: 100 }, () => transport.dial(server.local, never())))
    const block = new Uint8Array(16_384)
    const open = links.map(() => true)
    links.forEach((link, i) => link.open(sink({ onWritable: () => (open[i] = true) })))
    const given = links.map(() => 0)
    for (let quiet = 0; quiet < 5; quiet++) {
      for (const [i, link] of links.entries()) {
        while (open[i] === true) {
          open[i] = link.write(block)
          given[i]! += block.length
          quiet = 0
        }
      }
      await turn()
    }
    const held = links.reduce((sum, link, i) => sum + given[i]! - link.sent, 0)
    expect(held).to.be.below(24 << 20)
    for (const link of links) link.close()
    const alone = await transport.dial(server.local, never())
    let room = 0
    for (alone.open(sink()); alone.write(block); room += block.length);
    expect(room, 'the others are gone').to.be.at.least(480 * 1024)
    server.close()
  })

  it('W-9: hundreds that connect and say nothing do not delay who speaks', async () => {
    const accepted: PeerLink[] = []
    const heard: number[] = []
    const listener = await transport.listen(at('127.0.0.1:0'), link => {
      accepted.push(link)
      link.open(sink({ onData: chunk => heard.push(chunk.length) }))
    })
    const silent = Array.from({ length: 500 }, () => connect(listener.local.port, '127.0.0.1'))
    for (const socket of silent) socket.on('error', () => undefined)
    await until(() => accepted.length === 500)
    const link = await transport.dial(listener.local, never())
    link.open(sink())
    link.write(new Uint8Array(68))
    await until(() => heard.length === 1)
    for (const one of accepted) one.close()
    await until(() => silent.every(socket => socket.destroyed))
  })

  it('lets go of everything when it stops', async () => {
    const closes: (NodeError | null)[] = []
    const listener = await transport.listen(at('127.0.0.1:0'), link =>
      link.open(sink({ onClose: error => closes.push(error) })),
    )
    const link = await transport.dial(listener.local, never())
    link.open(sink({ onClose: error => closes.push(error) }))
    await settle()
    transport.close()
    await until(() => closes.length === 2)
    expect(closes).to.deep.equal([null, null])
    await refusal(transport.dial(listener.local, never()), 'remote')
  })

  it('gives up what is being dialled when it stops, and dials no more', async () => {
    const server = await bare(socket => socket.on('error', () => undefined))
    const dialled = transport.dial(server.local, never())
    transport.close()
    expect((await refusal(dialled, 'remote')).code).to.equal('ERR_TRANSPORT_ABORTED')
    const later = await refusal(transport.dial(server.local, never()), 'remote')
    expect(later.code).to.equal('ERR_TRANSPORT_ABORTED')
    server.close()
  })

  it('R-19: goes on after it ran out of descriptors [needs sh with ulimit]', async function () {
    try {
      execFileSync('sh', ['-c', 'ulimit -n 512'])
    } catch {
      this.skip()
    }
    const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
    const script = `
      import { openSync } from 'node:fs'
      import { TcpTransport } from ${module('../../plugins/transport-tcp/tcp-transport.js')}
      const clock = { now: () => performance.now() }
      const log = { warn: message => console.log('warned') }
      const transport = new TcpTransport(${JSON.stringify(options)}, clock, log)
      const at = { family: 4, ip: Uint8Array.of(127, 0, 0, 1), port: 0 }
      const listener = await transport.listen(at, link => {
        link.open({ onData: chunk => link.write(chunk.slice()), onWritable() {}, onClose() {} })
      })
      // Loading the modules takes hundreds of descriptors at once; serving is to have few.
      for (let i = 0; i < 420; i++) openSync('/dev/null')
      console.log(listener.local.port)`
    const child = spawn('sh', ['-c', 'ulimit -n 512; exec "$0" --input-type=module -e "$1"', process.execPath, script])
    let said = ''
    child.stdout.on('data', chunk => (said += String(chunk)))
    child.stderr.on('data', chunk => process.stderr.write(String(chunk)))
    await until(() => said.includes('\n'))
    const port = parseInt(said, 10)
    const flood = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
    try {
      // Those over the limit wait or are refused; the others are served.
      const greeted = new Set<Socket>()
      for (const socket of flood) {
        socket.on('data', () => greeted.add(socket))
        socket.write('hello')
      }
      await until(() => greeted.size >= 20)
      for (const socket of flood) socket.destroy()
      await until(() => flood.every(socket => socket.destroyed))
      let echoed = ''
      for (let tries = 0; echoed === '' && tries < 50; tries++) {
        const socket = connect(port, '127.0.0.1').on('error', () => undefined)
        let over = false
        socket.on('close', () => (over = true)).on('data', chunk => (echoed += String(chunk)))
        socket.write('again')
        await until(() => over || echoed !== '')
        socket.destroy()
      }
      expect(echoed).to.equal('again')
    } finally {
      for (const socket of flood) socket.destroy()
      child.kill('SIGKILL')
    }
  })
})
