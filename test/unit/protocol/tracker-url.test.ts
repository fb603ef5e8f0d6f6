import { expect } from 'chai'
import { maskText, maskUrl, mayBeLocal, trackerUrlFault } from '../../../core/protocol/tracker-url.js'

describe('tracker URLs', () => {
  it('are refused when their query holds what an announce fills in, in any spelling', () => {
    for (const query of ['info_hash=abc', 'EvEnT=abc', 'a=b&peer_id=x', 'p%6frt=1', 'left', 'KEY=1', 'uploaded=1']) {
      expect(trackerUrlFault(new URL(`http://tracker.example/announce?${query}`)), query).to.be.a('string')
    }
    for (const query of ['', '?passkey=abc', '?ported=1', '?x=info_hash']) {
      expect(trackerUrlFault(new URL(`http://tracker.example/announce${query}`)), query).to.equal(null)
    }
  })

  it('need a port where they are udp', () => {
    expect(trackerUrlFault(new URL('udp://tracker.example/announce'))).to.be.a('string')
    expect(trackerUrlFault(new URL('udp://tracker.example:6969'))).to.equal(null)
  })

  it('reach this machine only under /announce', () => {
    expect(mayBeLocal(new URL('http://localhost:8080/announce'))).to.equal(true)
    expect(mayBeLocal(new URL('http://localhost:8080/announce.php?a=b'))).to.equal(true)
    expect(mayBeLocal(new URL('http://localhost:8080/unusual-announce-path'))).to.equal(false)
    expect(mayBeLocal(new URL('http://localhost:8080/short'))).to.equal(false)
  })

  it('are shown without pass keys, wherever those stand', () => {
    expect(maskUrl('http://t.example:80/0123456789abcdef/announce')).to.equal('http://t.example/***/announce')
    expect(maskUrl('https://t.example/announce.php?passkey=s3cret&bare')).to.equal(
      'https://t.example/announce.php?passkey=***&***',
    )
    expect(maskUrl('http://me:pw@t.example/announce')).to.equal('http://t.example/announce')
    expect(maskUrl('udp://[2001:db8::1]:6969/s3cret')).to.equal('udp://[2001:db8::1]:6969/***')
    expect(maskUrl('udp://t.example:6969')).to.equal('udp://t.example:6969')
    expect(maskUrl('not a URL with s3cret')).to.equal('unreadable URL')
  })

  it('take their secrets out of what a tracker says, with control characters and all but 200 characters', () => {
    const url = new URL('http://t.example/abcdef0123/announce?passkey=s3cret%20x')
    expect(maskText('unknown key abcdef0123 or s3cret x or s3cret%20x', url)).to.equal('unknown key *** or *** or ***')
    expect(maskText('two\r\nlines \u001b[31m\u202Ered', url)).to.equal('two lines [31m red')
    expect(maskText('x'.repeat(1000), url)).to.have.length.below(203)
  })
})
