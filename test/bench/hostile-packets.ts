// So many hostile packets at a tracker of this tree: `node dist/test/bench/hostile-packets.js --packets 10000000 --io dgram`.
import { parseArgs } from 'node:util'
import { besiege } from './hostile/siege.js'
import { Scratch } from './scratch.js'

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    io: { type: 'string', default: 'dgram' },
    seed: { type: 'string', default: '1' },
  },
})
const scratch = new Scratch(1 << 20)
const report = await besiege({
  io: values.io === 'mmsg' ? 'mmsg' : 'dgram',
  packets: Number(values.packets),
  seed: Number(values.seed),
  scratch,
  progress: (sent, memory) => process.stderr.write(`${sent} packets, ${memory.toFixed(1)} MiB\n`),
})
scratch.remove()
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
