import { expect } from 'chai'
import { endpointOf, formatEndpoint, type Endpoint } from '../../../core/base/address.js'
import { CloseReason } from '../../../core/torrent/close-reason.js'
import { PeerBook } from '../../../core/torrent/peer-book.js'

const at = (text: string, port = 6881): Endpoint => endpointOf(Uint8Array.from(text.split('.').map(Number)), port)
const A = at('10.0.0.1')
const B = at('10.0.0.2')

/** The seconds at which the one endpoint of a book is dialled, when each dial ends as told. */
function dials(
  named: boolean,
  end: CloseReason | 'unreachable',
  seconds: number,
  joins = end !== 'unreachable',
): readonly number[] {
  const book = new PeerBook(() => 0)
  book.offer([A], named, 0)
  const times: number[] = []
  for (let now = 0; now <= seconds; now++) {
    const next = book.next(now * 1000)
    if (next === null) continue
    times.push(now)
    expect(book.next(now * 1000), 'busy').to.equal(null)
    if (joins) book.connected(next)
    book.done(next, now * 1000, end)
  }
  return times
}

describe('peer book', () => {
  it('dials an endpoint learnt from others at most once a minute, and three times in vain', () => {
    expect(dials(false, 'unreachable', 1_000)).to.deep.equal([0, 60, 120])
    expect(dials(false, CloseReason.Remote, 200)).to.deep.equal([0, 60, 120, 180])
  })

  it('counts as in vain what took the call and was no peer, but not what we turned away', () => {
    for (const end of [CloseReason.Remote, CloseReason.NotPlain, CloseReason.HandshakeTimeout]) {
      expect(dials(false, end, 1_000, false), String(end)).to.deep.equal([0, 60, 120])
    }
    expect(dials(false, CloseReason.Full, 200, false)).to.deep.equal([0, 60, 120, 180])
  })

  it('tries an endpoint the user named after 1, 2, 5, 10 and then every 30 seconds, for ever', () => {
    expect(dials(true, 'unreachable', 140)).to.deep.equal([0, 1, 3, 8, 18, 48, 78, 108, 138])
    expect(dials(true, CloseReason.Remote, 4)).to.deep.equal([0, 1, 2, 3, 4])
  })

  it('leaves a peer that broke the protocol alone for an hour', () => {
    expect(dials(false, CloseReason.Protocol, 3_700)).to.deep.equal([0, 3_600])
    expect(dials(false, CloseReason.BothSeeds, 3_700)).to.deep.equal([0, 3_600])
  })

  it('never dials what cannot be a peer, nor itself again', () => {
    const book = new PeerBook(() => 0)
    book.offer([at('0.0.0.0'), at('10.0.0.9', 0), at('224.0.0.1'), at('239.1.2.3')], false, 0)
    expect(book.size).to.equal(0)
    book.offer([A], true, 0)
    expect(book.next(0)).to.equal(A)
    book.self(A)
    book.done(A, 0, CloseReason.Self)
    for (let now = 0; now < 1e6; now += 1_000) expect(book.next(now)).to.equal(null)
  })

  it('does not dial who is connected', () => {
    const book = new PeerBook(() => 0)
    book.offer([A], false, 0)
    book.connected(A)
    expect(book.next(1e6)).to.equal(null)
    book.done(A, 1e6, CloseReason.Remote)
    expect(book.next(2e6)).to.equal(A)
  })

  it('dials the named first, then those that never failed, then by priority', () => {
    const order = new Map([A, B, at('10.0.0.3')].map((endpoint, i) => [formatEndpoint(endpoint), i]))
    const book = new PeerBook(endpoint => order.get(formatEndpoint(endpoint)) ?? 0)
    book.offer([A, B], false, 0)
    book.offer([at('10.0.0.3')], false, 0)
    book.done(book.next(0) ?? A, 0, 'unreachable')
    book.offer([at('10.0.0.4')], true, 60_000)
    const dialled = [1, 2, 3, 4].map(() => book.next(60_000)).map(next => (next === null ? '' : formatEndpoint(next)))
    expect(dialled).to.deep.equal(['10.0.0.4:6881', '10.0.0.2:6881', '10.0.0.1:6881', '10.0.0.3:6881'])
  })

  it('keeps what it knows when an endpoint is offered again, unless it is named now', () => {
    const book = new PeerBook(() => 0)
    book.offer([A], false, 0)
    for (let i = 0; i < 3; i++) book.done(book.next(i * 60_000) ?? B, i * 60_000, 'unreachable')
    book.offer([A], false, 200_000)
    expect(book.next(400_000)).to.equal(null)
    book.offer([A], true, 400_000)
    expect(book.next(400_000)).to.equal(A)
    expect(book.size).to.equal(1)
  })

  it('stays bounded, and makes room at the cost of those that failed', () => {
    const book = new PeerBook(() => 0)
    const crowd = Array.from({ length: 3_000 }, (_, i) => at(`10.1.${i >> 8}.${i & 255}`))
    book.offer(crowd, false, 0)
    expect(book.size).to.equal(2_000)
    const failed = book.next(0) ?? A
    book.done(failed, 0, 'unreachable')
    book.offer([B], false, 0)
    expect(book.size).to.equal(2_000)
    const rest = new Set<string>()
    for (let next = book.next(1); next !== null; next = book.next(1)) rest.add(formatEndpoint(next))
    expect(rest.has(formatEndpoint(B))).to.equal(true)
    expect(rest.has(formatEndpoint(failed))).to.equal(false)
  })
})
