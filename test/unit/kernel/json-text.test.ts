import { expect } from 'chai'
import fc from 'fast-check'
import { jsonFault } from '../../../core/kernel/json-text.js'

describe('jsonFault', () => {
  it('finds nothing in what JSON.parse takes, but a key that stands twice', () => {
    fc.assert(fc.property(fc.json(), text => jsonFault(text) === null))
    expect(jsonFault(' {"a": {"b": 1}, "b": [1, -0.5e+3, "x\\u00e9", null]} \n')).to.equal(null)
    expect(jsonFault('{"a": 1,\n "a": 2}')).to.deep.equal({ line: 2, column: 2, found: 'the key "a" a second time' })
  })

  it('finds a fault wherever JSON.parse throws', () => {
    const takes = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"b"',
      '1',
      '01',
      '-',
      'nul',
      'null',
      ' ',
      '"',
      '\\',
      '\n',
    )
    const texts = fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join(''))
    fc.assert(
      fc.property(texts, text => {
        const fault = jsonFault(text)
        if (takes(text)) return fault === null || fault.found.includes('second time')
        return fault !== null && !fault.found.includes('second time')
      }),
      { numRuns: 2000 },
    )
  })

  it('gives up on nesting that no profile has', () => {
    expect(jsonFault('['.repeat(1_000_000))).to.include({ line: 1, column: 201 })
  })

  it('points at the place', () => {
    expect(jsonFault('{\n  "a": [1, 2,]\n}')).to.deep.equal({ line: 2, column: 14, found: '"]\\n}"' })
    expect(jsonFault('{ "a": 1')).to.deep.equal({ line: 1, column: 9, found: 'the end of the text' })
    expect(jsonFault('{ a: 1 }')).to.include({ line: 1, column: 3 })
  })
})
