// A node under fire, whole and in a process of its own; the measurement with ten million packets is
// `node dist/test/bench/hostile-packets.js --packets 10000000`.
import { expect } from 'chai'
import { besiege } from '../bench/hostile/siege.js'
import { Scratch } from '../bench/scratch.js'
import { everyIo, unusableIo } from './tracker-io.js'

const PACKETS = 100_000
/** The caps are full after a part of these packets; what comes on top is the collector's. */
const MOST_GROWTH_MIB = 40
const MOST_CREEP_MIB = 20

describe('a tracker under hostile packets', function () {
  this.timeout(60_000)
  for (const io of everyIo) {
    it(`S-21, S-23, S-26: stays within its memory, answers nobody without an id, and all that mean well (${io})`, async function () {
      if ((await unusableIo(io)) !== null) this.skip()
      const scratch = new Scratch(1 << 20)
      try {
        const report = await besiege({ io, packets: PACKETS, seed: 7, scratch })
        expect(report).to.include({ packets: PACKETS, exitCode: 0, honestPeersRight: true })
        expect(report.complaints).to.deep.equal([])
        expect(report.wrongAnswers).to.deep.equal([])
        expect(report.logLines).to.be.at.most(Math.ceil(report.seconds))
        expect(report.amplification).to.be.greaterThan(0).and.lessThan(0.1)
        expect(report.answersToMembers).to.be.greaterThan(PACKETS / 4)
        expect(report.honestAnswered / report.honestAsked).to.be.greaterThan(0.98)
        const [first = 0] = report.memory
        const last = report.memory.at(-1) ?? Infinity
        const halfway = report.memory[5] ?? 0
        expect(last - first).to.be.lessThan(MOST_GROWTH_MIB)
        expect(last - halfway).to.be.lessThan(MOST_CREEP_MIB)
      } finally {
        scratch.remove()
      }
    })
  }
})
