import { expect } from 'chai'
import { parseByteRate } from '../../../core/base/byte-rate.js'

describe('byte rate', () => {
  for (const [text, rate] of [
    ['5000', 5000],
    ['5 B/s', 5],
    ['5 MiB/s', 5 * 2 ** 20],
    ['5MiB', 5 * 2 ** 20],
    ['1.5 kb/s', 1500],
    ['800 kB/s', 800_000],
    ['64KiB/s', 65_536],
    ['2 GB/s', 2e9],
    ['1 gib', 2 ** 30],
    ['50 Mbit/s', 6_250_000],
    ['100kbit', 12_500],
    ['1 Gbit/s', 125e6],
  ] as const) {
    it(`reads ${text}`, () => expect(parseByteRate(text)).to.equal(rate))
  }

  for (const text of ['', 'fast', '-5 MiB', '5 MiB/h', '1e6', '5 ibit', '5 ib', '5 MiB/s or so', '0x10'])
    it(`refuses "${text}"`, () => expect(parseByteRate(text)).to.equal(null))
})
