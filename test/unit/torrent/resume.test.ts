import { expect } from 'chai'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { Bitfield } from '../../../core/base/bitfield.js'
import { infoHashOf, type InfoHash } from '../../../core/protocol/ids.js'
import {
  decodeJournal,
  decodeResume,
  encodeJournal,
  encodeResume,
  planResume,
  type ResumeState,
} from '../../../core/torrent/resume.js'

function hashOf(fill: number): InfoHash {
  const hash = infoHashOf(new Uint8Array(20).fill(fill))
  if (hash === null) throw new Error('not 20 bytes')
  return hash
}

/** One character a piece: '*' is set. */
function bits(picture: string): Bitfield {
  const field = new Bitfield(picture.length)
  for (let i = 0; i < picture.length; i++) if (picture[i] === '*') field.set(i)
  return field
}

function picture(field: Bitfield): string {
  return Array.from({ length: field.length }, (_, i) => (field.has(i) ? '*' : ' ')).join('')
}

function state(flushed: string, more: Partial<ResumeState> = {}): ResumeState {
  const rest = { stamp: 'then', uploaded: 7, downloaded: 2 ** 40 + 3, seedingMs: 5, complete: false, moved: null }
  return { flushed: bits(flushed), ...rest, clean: false, ...more }
}

function plan(
  remembered: ResumeState | null,
  journal: Uint8Array,
  stamp: string,
  present: string,
): { trust: string; check: string; because: string } {
  const { trust, check, because } = planResume({
    state: remembered,
    journal,
    stamp,
    present: bits(present),
    made: false,
  })
  return { trust: picture(trust), check: picture(check), because }
}

/** A state as version 1 wrote it. */
function versionOne(flushed: string, hash: InfoHash, stamp: string, clean: boolean): Uint8Array {
  const head = Buffer.alloc(56)
  head.write('SHOALRSM', 'latin1')
  head.writeUInt16BE(1, 8)
  head.writeUInt16BE(clean ? 1 : 0, 10)
  head.set(hash, 12)
  head.writeUInt32BE(flushed.length, 32)
  head.writeBigUInt64BE(7n, 36)
  head.writeBigUInt64BE(2n ** 40n + 3n, 44)
  head.writeUInt32BE(stamp.length, 52)
  const body = Buffer.concat([head, Buffer.from(stamp), bits(flushed).bytes])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

describe('resume: file', () => {
  const HASH = hashOf(9)
  const COUNT = 11
  const moved = { home: '/in', folder: '/out' }
  const bytes = encodeResume(state('** ** ** **', { clean: true, stamp: 'a'.repeat(40), moved }), HASH)

  it('comes back as it was written', () => {
    const back = decodeResume(bytes, HASH, COUNT)
    if (typeof back === 'string') throw new Error(back)
    expect({ ...back, flushed: picture(back.flushed) }).to.deep.equal({
      flushed: '** ** ** **',
      stamp: 'a'.repeat(40),
      uploaded: 7,
      downloaded: 2 ** 40 + 3,
      seedingMs: 5,
      complete: false,
      moved,
      clean: true,
    })
  })

  it('comes back for any state', () => {
    const folder = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('\0'))
    const anyState = fc.record({
      flags: fc.array(fc.boolean(), { maxLength: 70 }),
      stamp: fc.string({ unit: 'grapheme' }),
      uploaded: fc.maxSafeNat(),
      downloaded: fc.maxSafeNat(),
      seedingMs: fc.maxSafeNat(),
      complete: fc.boolean(),
      moved: fc.option(fc.record({ home: folder, folder })),
      clean: fc.boolean(),
    })
    fc.assert(
      fc.property(anyState, ({ flags, ...rest }) => {
        const flushed = bits(flags.map(flag => (flag ? '*' : ' ')).join(''))
        const back = decodeResume(encodeResume({ ...rest, flushed }, HASH), HASH, flags.length)
        if (typeof back === 'string') throw new Error(back)
        expect({ ...back, flushed: picture(back.flushed) }).to.deep.equal({ ...rest, flushed: picture(flushed) })
      }),
      { seed: 4, numRuns: 200 },
    )
  })

  it('comes back from version 1, with what that did not know as it was then', () => {
    for (const [picked, clean, stamp] of [
      ['** ** ** **', false, ''],
      ['***********', true, 'a'.repeat(40)],
    ] as const) {
      const back = decodeResume(versionOne(picked, HASH, stamp, clean), HASH, COUNT)
      if (typeof back === 'string') throw new Error(back)
      expect({ ...back, flushed: picture(back.flushed) }).to.deep.equal({
        flushed: picked,
        stamp,
        uploaded: 7,
        downloaded: 2 ** 40 + 3,
        seedingMs: 0,
        complete: clean,
        moved: null,
        clean,
      })
    }
  })

  for (const [version, whole] of [
    [1, versionOne('** ** ** **', HASH, 'a'.repeat(40), true)],
    [2, bytes],
  ] as const) {
    it(`is refused when cut at any byte, or longer (version ${version})`, () => {
      for (let length = 0; length < whole.length; length++) {
        expect(decodeResume(whole.subarray(0, length), HASH, COUNT), `${length} bytes`).to.be.a('string')
      }
      expect(decodeResume(Buffer.concat([whole, new Uint8Array(1)]), HASH, COUNT)).to.be.a('string')
    })

    it(`is refused when any one bit differs (version ${version})`, () => {
      for (let bit = 0; bit < whole.length * 8; bit++) {
        const damaged = whole.slice()
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        expect(decodeResume(damaged, HASH, COUNT), `bit ${bit}`).to.be.a('string')
      }
    })
  }

  it('is refused for another torrent, another number of pieces, another version, and as noise', () => {
    expect(decodeResume(bytes, hashOf(8), COUNT)).to.equal('it belongs to another torrent')
    expect(decodeResume(bytes, HASH, COUNT + 1)).to.equal('it has another number of pieces')
    expect(decodeResume(bytes, HASH, COUNT + 80)).to.equal('it has another number of pieces')
    const newer = bytes.slice()
    newer[9] = 3
    expect(decodeResume(newer, HASH, COUNT)).to.equal('its version is 3, not 2')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), noise => typeof decodeResume(noise, HASH, COUNT) === 'string'),
      { seed: 5 },
    )
  })
})

describe('resume: journal', () => {
  it('names the pieces that were appended, in whatever order and however often', () => {
    const journal = Buffer.concat([encodeJournal([5, 0]), encodeJournal([]), encodeJournal([5, 3])])
    expect(picture(decodeJournal(journal, 7))).to.equal('*  * * ')
  })

  it('loses only the last entry when cut at any byte', () => {
    const whole = encodeJournal([6, 1, 4])
    for (let length = 0; length <= whole.length; length++) {
      expect(decodeJournal(whole.subarray(0, length), 8).count).to.equal(length >> 2)
    }
  })

  it('passes over pieces there are not', () => {
    expect(picture(decodeJournal(encodeJournal([7, 8, 2 ** 32 - 1, 2]), 8))).to.equal('  *    *')
  })
})

describe('resume: plan', () => {
  const nothing = new Uint8Array(0)

  it('trusts a clean state whose stamp still holds, and hashes nothing', () => {
    expect(plan(state('**  *', { clean: true }), nothing, 'then', '*****')).to.deep.equal({
      trust: '**  *',
      check: '     ',
      because: 'clean',
    })
  })

  it('hashes all that is present when a clean state has another stamp', () => {
    expect(plan(state('**  *', { clean: true }), nothing, 'now', '** **')).to.deep.equal({
      trust: '     ',
      check: '** **',
      because: 'other-stamp',
    })
  })

  it('hashes all that is present when there is no state, whatever the journal says', () => {
    expect(plan(null, encodeJournal([2]), 'now', '** **')).to.deep.equal({
      trust: '     ',
      check: '** **',
      because: 'no-state',
    })
  })

  it('hashes nothing that was hashed a moment ago, to make the torrent', () => {
    const present = bits('* *')
    const made = planResume({ state: null, journal: new Uint8Array(0), stamp: 'now', present, made: true })
    expect(made.because).to.equal('made')
    expect([picture(made.trust), picture(made.check)]).to.deep.equal(['* *', '   '])
  })

  it('trusts what was flushed before a kill, hashes what only the journal names, and fetches the rest', () => {
    expect(plan(state('**   '), encodeJournal([1, 3]), 'now', '*****')).to.deep.equal({
      trust: '**   ',
      check: '   * ',
      because: 'unclean',
    })
  })

  it('does not hash what the journal names but the files are too short for', () => {
    expect(plan(state('*    '), encodeJournal([2, 3]), 'now', '***  ').check).to.equal('  *  ')
  })

  it('believes nothing, clean or not, when a flushed piece cannot be there any more', () => {
    for (const clean of [true, false]) {
      expect(plan(state('**  *', { clean }), encodeJournal([3]), 'then', '** * ')).to.deep.equal({
        trust: '     ',
        check: '** * ',
        because: 'content-lost',
      })
    }
  })

  it('never trusts what was not flushed, nor hashes what it trusts, whatever it is given', () => {
    const field = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 })
    fc.assert(
      fc.property(field, field, fc.uint8Array({ maxLength: 40 }), fc.boolean(), (flushed, present, journal, clean) => {
        const draw = (flags: boolean[]): string => flags.map(flag => (flag ? '*' : ' ')).join('')
        const remembered = state(draw(flushed), { clean })
        const made = planResume({
          state: remembered,
          journal,
          stamp: 'then',
          present: bits(draw(present)),
          made: false,
        })
        for (let piece = 0; piece < 9; piece++) {
          if (made.trust.has(piece)) expect(flushed[piece] && present[piece] && !made.check.has(piece)).to.equal(true)
          if (made.check.has(piece)) expect(present[piece]).to.equal(true)
        }
      }),
      { seed: 6, numRuns: 300 },
    )
  })
})
