import { expect } from 'chai'
import { endpointOf } from '../../core/base/address.js'
import { NodeError } from '../../core/base/errors.js'
import { emptyAnnounce } from '../../core/protocol/announce-fields.js'
import { compactPeers } from '../../core/protocol/compact-peers.js'
import { readHttpAnnounce, readHttpScrape } from '../../core/protocol/tracker-http.js'
import { announceUrl, readHttpAnnounceReply, readHttpScrapeReply } from '../../core/protocol/tracker-http-client.js'
import { writeHttpAnnounce, writeHttpFailure, writeHttpScrape } from '../../core/protocol/tracker-http-reply.js'
import * as server from '../../core/protocol/tracker-udp.js'
import * as client from '../../core/protocol/tracker-udp-client.js'
import { NOT_PLAIN, PARTIAL, PlainHead, headerOf, readPlainHead } from '../../plugins/host-node/http-head.js'
import { text } from './corpus.js'
import { fuzz } from './mutations.js'

const ID = { high: 1, low: 2 }
const hash = new Uint8Array(20).fill(0x25)
const asked = { ...emptyAnnounce(), infoHash: hash, event: 2 as const, left: 5, port: 6881 }
const peers = [endpointOf(Uint8Array.of(1, 2, 3, 4), 80), endpointOf(Uint8Array.of(5, 6, 7, 8), 81)]

function packet(write: (out: Uint8Array) => number): Uint8Array {
  const out = new Uint8Array(1500)
  return out.slice(0, write(out))
}

const reply = { interval: 1800, minInterval: 60, seeders: 1, leechers: 1, peers: compactPeers(peers, 4), peerBytes: 12 }
const options = { family: 4, compact: true } as const

describe('fuzz: trackers', () => {
  it('UDP requests have a kind that their length allows, and say what is wrong', () => {
    const corpus = [
      packet(out => client.writeUdpConnect(out, 7)),
      packet(out => client.writeUdpAnnounce(out, ID, 7, asked, text('/announce?key=1'))),
      packet(out => client.writeUdpScrape(out, ID, 7, [hash, hash])),
    ]
    const into = emptyAnnounce()
    fuzz(corpus, input => {
      switch (server.udpRequestKind(input)) {
        case server.UdpAction.Connect:
          expect(input.length).to.be.at.least(16)
          break
        case server.UdpAction.Announce:
          expect(input.length).to.be.at.least(98)
          if (server.readUdpAnnounce(input, into) === null) expect(into.port).to.be.within(1, 65535)
          break
        case server.UdpAction.Scrape:
          for (const one of server.readUdpScrape(input)) expect(one.length).to.equal(20)
          break
        default:
          break
      }
    })
  })

  it('UDP replies are read or not', () => {
    const corpus = [
      packet(out => server.writeUdpConnectReply(out, 7, 1, 2)),
      packet(out => server.writeUdpAnnounceHead(out, 7, 1800, 1, 1) + 36),
      packet(out => server.writeUdpScrapeHead(out, 7) + 24),
      packet(out => server.writeUdpError(out, 7, 'no')),
    ]
    fuzz(corpus, (input, random) => {
      client.udpReplyAction(input)
      client.readUdpConnectReply(input)
      const announced = client.readUdpAnnounceReply(input, random.below(2) === 0 ? 4 : 6)
      for (const peer of announced?.peers ?? []) expect(peer.port).to.be.within(1, 65535)
      expect(client.readUdpScrapeReply(input, 3)?.length ?? 3).to.equal(3)
      client.readUdpError(input)
    })
  })

  it('HTTP queries are taken, or refused by a reason', () => {
    const announce = announceUrl(new URL('http://t/announce?k=1'), { ...asked, trackerId: 'x' }).search.slice(1)
    const into = { ...emptyAnnounce(), compact: true, claimedIp: null }
    fuzz([text(announce), text(`${announce}&compact=0&ip=1.2.3.4&numwant=-1`)], input => {
      const query = Buffer.from(input).toString('latin1')
      const reason = readHttpAnnounce(query, into)
      if (reason === null) expect(into.port).to.be.within(1, 65535)
      else expect(reason).to.match(/^[a-z_ 0-9,]+$/)
      readHttpScrape(query)
    })
  })

  it('HTTP heads are whole, partial or not plain, whole ones end where they end, and nothing in front makes them longer', () => {
    const corpus = [
      text(
        'GET /announce?info_hash=%00&port=1 HTTP/1.1\r\nHost: x:6969\r\nUser-Agent: a/1.0 (b)\r\nConnection: close\r\n\r\n',
      ),
      text(
        'GET /scrape HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nhost:\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n',
      ),
    ]
    const head = new PlainHead()
    fuzz(corpus, input => {
      const bytes = Buffer.from(input)
      const end = readPlainHead(bytes, 0, bytes.length, head)
      if (end === PARTIAL || end === NOT_PLAIN) return
      expect(bytes.toString('latin1', end - 4, end)).to.equal('\r\n\r\n')
      expect(bytes.indexOf('\r\n\r\n')).to.equal(end - 4)
      expect(head.mark).to.be.within(head.target + 1, head.targetEnd)
      expect(bytes.toString('latin1', 0, end)).to.match(
        /^GET \/[!-~]* HTTP\/1\.[01]\r\n([^\0-\x20:]+:[\t -~]*\r\n)*\r\n$/,
      )
      headerOf(bytes, head.headers, 'x-forwarded-for')
      expect(readPlainHead(bytes, 0, end, head)).to.equal(end)
      for (let to = 0; to < end; to++) expect(readPlainHead(bytes, 0, to, head)).to.equal(PARTIAL)
      const moved = Buffer.concat([Buffer.from('GET / '), bytes])
      expect(readPlainHead(moved, 6, moved.length, head)).to.equal(end + 6)
    })
  })

  it('HTTP replies are read, or refused by one error', () => {
    const corpus = [
      writeHttpAnnounce(reply, options),
      writeHttpAnnounce(reply, { family: 4, compact: false, warning: 'w', externalIp: Uint8Array.of(1, 2, 3, 4) }),
      writeHttpFailure('no'),
      writeHttpScrape([{ infoHash: hash, seeders: 1, completed: 2, leechers: 3, partialSeeds: 1 }]),
    ]
    fuzz(corpus, input => {
      for (const read of [() => readHttpAnnounceReply(input), () => readHttpScrapeReply(input, [hash])]) {
        try {
          read()
        } catch (error) {
          expect(error).to.be.instanceOf(NodeError).with.property('code', 'ERR_TRACKER_REPLY')
        }
      }
    })
  })
})
