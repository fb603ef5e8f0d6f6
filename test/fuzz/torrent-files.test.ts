import { expect } from 'chai'
import { NodeError } from '../../core/base/errors.js'
import { decodeBencode } from '../../core/protocol/bencode.js'
import { scanBencode } from '../../core/protocol/bencode-scan.js'
import { readExtensionHandshake, readMetadataMessage } from '../../core/protocol/extensions.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { extensionMessages, text, torrents } from './corpus.js'
import { fuzz } from './mutations.js'

const RULES = { maxBytes: 1_000_000, maxDepth: 100, maxTokens: 100_000 }

/** Runs it, and lets pass what a reader may say of bad bytes. */
function attempt<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    if (NodeError.is(error) && error.blame === 'remote') return null
    throw error
  }
}

describe('fuzz: files', () => {
  it('bencode ends in a value or an error; what the scan lets through, the package can decode', () => {
    const more = ['i1e', 'le', 'd1:ai1ee', 'l-3:e', 'd-3:', 'i007e', '5:ab', 'd9:__proto__de1:a0:e'].map(text)
    fuzz([...torrents, ...extensionMessages, ...more], input => {
      const scanned = scanBencode(input, RULES)
      if (scanned instanceof NodeError) expect(() => decodeBencode(input, RULES)).to.throw(NodeError)
      else attempt(() => decodeBencode(input, RULES))
      scanBencode(input, { ...RULES, lenient: true, trailing: true })
    })
    expect(Object.prototype).to.not.have.property('a')
  })

  it('a .torrent is refused, or is safe to act on', () => {
    let read = 0
    fuzz(torrents, (input, random) => {
      const platform = (['posix', 'darwin', 'win32'] as const)[random.below(3)]
      const metainfo = attempt(() => parseMetainfo(input, platform))
      if (metainfo === null) return
      read++
      const { geometry, files, pieces, kind } = metainfo
      expect(geometry.pieceCount).to.be.within(1, 2 ** 21)
      if (kind !== 'v2') {
        expect(pieces.length).to.equal(20 * geometry.pieceCount)
        expect(files.reduce((sum, file) => sum + file.length, 0)).to.equal(geometry.totalLength)
      }
      const kept = files.filter(file => !file.padding).map(file => file.path.join('/'))
      expect(new Set(kept).size).to.equal(kept.length)
      for (const part of files.flatMap(file => file.path)) expect(part).to.not.match(/^\.{0,2}$|[/\\]|\p{Cc}/u)
    })
    expect(read).to.be.greaterThan(20)
  })

  it('extension messages are read or not, and nothing else happens', () => {
    fuzz([...extensionMessages, ...torrents.slice(0, 3)], input => {
      const handshake = readExtensionHandshake(input)
      if (handshake !== null) {
        expect(handshake.metadataId).to.be.within(0, 255)
        expect(handshake.metadataSize).to.be.within(0, 10_000_000)
      }
      const part = readMetadataMessage(input)
      if (part !== null) expect(part.piece).to.be.within(0, 1000)
    })
  })
})
