import { expect } from 'chai'
import fc from 'fast-check'
import { fromHex, toHex, writeU16, writeU32 } from '../../../core/base/bytes.js'
import { emptyAnnounce } from '../../../core/protocol/announce-fields.js'
import * as server from '../../../core/protocol/tracker-udp.js'
import * as client from '../../../core/protocol/tracker-udp-client.js'
import { fixture, haveFixtures } from './fixtures.js'

const ID = { high: 0x01020304, low: 0xf5f6f7f8 }
const none = new Uint8Array(0)

function announcePacket(change: (packet: Uint8Array) => void = () => {}): Uint8Array {
  const out = new Uint8Array(200)
  const said = { ...emptyAnnounce(), event: 2 as const, port: 6881, numWant: -1 }
  const packet = out.slice(0, client.writeUdpAnnounce(out, ID, 7, said, none))
  change(packet)
  return packet
}

describe('UDP tracker packets', () => {
  it('a connect is 16 bytes with the magic, and its reply carries the id', () => {
    const out = new Uint8Array(100)
    const packet = out.slice(0, client.writeUdpConnect(out, 0xdeadbeef))
    expect(toHex(packet)).to.equal('0000041727101980' + '00000000' + 'deadbeef')
    expect(server.udpRequestKind(packet)).to.equal(server.UdpAction.Connect)
    expect(server.udpTransaction(packet)).to.equal(0xdeadbeef)
    const reply = out.slice(0, server.writeUdpConnectReply(out, 0xdeadbeef, ID.high, ID.low))
    expect(toHex(reply)).to.equal('00000000' + 'deadbeef' + '01020304f5f6f7f8')
    expect([client.udpReplyAction(reply), client.udpReplyTransaction(reply)]).to.deep.equal([0, 0xdeadbeef])
    expect(client.readUdpConnectReply(reply)).to.deep.equal(ID)
  })

  it('an announce is read as it was written', () => {
    const hash = fc.uint8Array({ minLength: 20, maxLength: 20 })
    const count = fc.maxSafeInteger().map(Math.abs)
    const u32 = fc.integer({ min: 0, max: 0xffffffff })
    const said = fc.record({
      infoHash: hash,
      peerId: hash,
      event: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
      left: count,
      uploaded: count,
      downloaded: count,
      numWant: fc.integer({ min: -1, max: 1000 }),
      key: u32,
      port: fc.integer({ min: 1, max: 65535 }),
    })
    const urlData = fc.uint8Array({ maxLength: 1024 })
    const into = emptyAnnounce()
    fc.assert(
      fc.property(said, u32, urlData, (announce, transaction, url) => {
        const out = new Uint8Array(1400)
        const packet = out.slice(0, client.writeUdpAnnounce(out, ID, transaction, announce, url))
        expect(server.udpRequestKind(packet)).to.equal(server.UdpAction.Announce)
        expect(server.udpTransaction(packet)).to.equal(transaction)
        expect(server.readUdpAnnounce(packet, into)).to.equal(null)
        expect(into).to.deep.equal({ ...announce, urlData: url.length === 0 ? null : url })
      }),
    )
  })

  it('what is no request has no kind', () => {
    const connect = fromHex('00000417271019800000000012345678') ?? none
    expect(server.udpRequestKind(connect.subarray(0, 15))).to.equal(server.NO_REQUEST)
    expect(server.udpRequestKind(announcePacket().subarray(0, 97))).to.equal(server.NO_REQUEST)
    expect(server.udpRequestKind(announcePacket(packet => writeU32(packet, 8, 3)))).to.equal(server.NO_REQUEST)
    expect(server.udpRequestKind(announcePacket(packet => writeU32(packet, 8, 4)))).to.equal(server.NO_REQUEST)
    expect(server.udpRequestKind(announcePacket(packet => writeU32(packet, 8, 0)))).to.equal(server.NO_REQUEST)
    const scrape = new Uint8Array(36)
    scrape[11] = 2
    expect(server.udpRequestKind(scrape.subarray(0, 35))).to.equal(server.NO_REQUEST)
    expect(server.udpRequestKind(scrape)).to.equal(server.UdpAction.Scrape)
    expect(server.udpRequestKind(Uint8Array.from([...connect, 1, 2, 3]))).to.equal(server.UdpAction.Connect)
  })

  it('an announce with port 0, an event of its own or broken options is told so', () => {
    const into = emptyAnnounce()
    const told = (change: (packet: Uint8Array) => void): string | null =>
      server.readUdpAnnounce(announcePacket(change), into)
    expect(told(packet => writeU16(packet, 96, 0))).to.equal('port 0')
    expect(told(packet => writeU32(packet, 80, 7))).to.equal('unknown event')
    expect(server.readUdpAnnounce(Uint8Array.from([...announcePacket(), 2, 9, 1]), into)).to.equal('malformed options')
    expect(server.readUdpAnnounce(Uint8Array.from([...announcePacket(), 0, 9, 1]), into)).to.equal(null)
    expect(into.urlData).to.equal(null)
    // An option of a later BEP is passed over.
    expect(server.readUdpAnnounce(Uint8Array.from([...announcePacket(), 9, 1, 5, 2, 1, 47]), into)).to.equal(null)
    expect(into.urlData).to.deep.equal(Uint8Array.of(47))
    const long = Uint8Array.from([...announcePacket(), ...Array.from({ length: 5 }, () => [2, 255]).flatMap(pad)])
    expect(server.readUdpAnnounce(long, into)).to.equal('malformed options')
  })

  it('an announce of a thousand empty options costs no more than its bytes', function () {
    this.timeout(2000)
    const full = Uint8Array.from([2, 255, ...new Uint8Array(255).fill(47)])
    const packet = new Uint8Array(65_506)
    packet.set(announcePacket())
    for (let i = 0; i < 4; i++) packet.set(full, 98 + i * full.length)
    for (let at = 98 + 4 * full.length; at < packet.length; at += 2) packet[at] = 2
    const into = emptyAnnounce()
    for (let i = 0; i < 500; i++) expect(server.readUdpAnnounce(packet, into)).to.equal(null)
    expect(into.urlData).to.have.lengthOf(1020)
  })

  function pad(head: number[]): number[] {
    return [...head, ...new Uint8Array(255).fill(47)]
  }

  it('the address a client claims is not looked at', () => {
    const into = emptyAnnounce()
    server.readUdpAnnounce(
      announcePacket(packet => writeU32(packet, 84, 0x09090909)),
      into,
    )
    expect(JSON.stringify(into)).to.not.match(/:9[,}]/)
  })

  it('an announce reply is read as it was written, for both families', () => {
    for (const [family, stride] of [
      [4, 6],
      [6, 18],
    ] as const) {
      const out = new Uint8Array(server.ANNOUNCE_HEAD_LENGTH + 2 * stride + 5).fill(1)
      expect(server.writeUdpAnnounceHead(out, 9, 1800, 257, 3341)).to.equal(20)
      const reply = client.readUdpAnnounceReply(out, family)
      expect(reply).to.include({ interval: 1800, leechers: 257, seeders: 3341 })
      expect(reply?.peers.map(peer => [peer.family, peer.port])).to.deep.equal([
        [family, 257],
        [family, 257],
      ])
      expect(client.readUdpAnnounceReply(out.subarray(0, 19), family)).to.equal(null)
    }
  })

  it('a scrape goes both ways; a hash without an answer counts zeros', () => {
    const out = new Uint8Array(2000)
    const hashes = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)]
    const packet = out.slice(0, client.writeUdpScrape(out, ID, 5, hashes))
    expect(server.udpRequestKind(packet)).to.equal(server.UdpAction.Scrape)
    expect(server.readUdpScrape(packet)).to.deep.equal(hashes)
    expect(server.readUdpScrape(new Uint8Array(16 + 80 * 20)).length).to.equal(74)
    expect(server.writeUdpScrapeHead(out, 5)).to.equal(8)
    server.writeUdpScrapeEntry(out, 0, 1, 2, 3)
    const length = server.writeUdpScrapeEntry(out, 1, 4, 5, 6)
    const counts = [
      { seeders: 1, completed: 2, leechers: 3 },
      { seeders: 4, completed: 5, leechers: 6 },
    ]
    expect(client.readUdpScrapeReply(out.subarray(0, length), 2)).to.deep.equal(counts)
    expect(client.readUdpScrapeReply(out.subarray(0, length), 3)?.[2]).to.deep.equal({
      seeders: 0,
      completed: 0,
      leechers: 0,
    })
    expect(client.readUdpScrapeReply(out.subarray(0, 7), 1)).to.equal(null)
  })

  it('an error is text', () => {
    const out = new Uint8Array(60)
    const reply = out.subarray(0, server.writeUdpError(out, 5, 'not authorized'))
    expect(client.udpReplyAction(reply)).to.equal(server.UdpAction.Error)
    expect(client.readUdpError(reply)).to.equal('not authorized')
    expect(server.writeUdpError(out, 5, 'x'.repeat(100))).to.equal(60)
    expect(client.readUdpError(Uint8Array.from([0, 0, 0, 3, 0, 0, 0, 0, 104, 105, 0, 7]))).to.equal('hi')
    expect(client.udpReplyAction(new Uint8Array(7))).to.equal(-1)
  })

  it('options are read as the published vectors say [needs the fixtures folder]', function () {
    if (!haveFixtures()) this.skip()
    const vectors = fixture<{
      bep41_options: { hex: string; urldata: string }[]
      bep41_options_chihaya_parser_test: { hex: string; params?: Record<string, string>; error?: string }[]
    }>('vectors/protocol.json')
    for (const { hex, urldata } of vectors.bep41_options) {
      const read = server.readUrlData(fromHex(hex) ?? none, 0)
      expect(Buffer.from(read ?? none).toString(), hex).to.equal(urldata)
    }
    for (const { hex, params, error } of vectors.bep41_options_chihaya_parser_test) {
      const read = server.readUrlData(fromHex(hex) ?? none, 0)
      if (error !== undefined) expect(read, hex).to.equal(undefined)
      else {
        const query = Buffer.from(read ?? none).toString()
        expect(Object.fromEntries(new URLSearchParams(query.split('?')[1] ?? '')), hex).to.deep.equal(params)
      }
    }
  })
})
