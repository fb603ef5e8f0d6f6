// One download, killed without warning at twenty random moments, each time begun again.
import { expect } from 'chai'
import path from 'node:path'
import { createRandom } from '../../core/base/random.js'
import { RunningCli } from './run-cli.js'
import { SlowProxy } from './slow-proxy.js'
import { piecesOnDisk, same, Workbench, type Made } from './workbench.js'

const KILLS = 20
const MiB = 1 << 20

describe('a download that is killed', () => {
  let bench: Workbench
  let proxy: SlowProxy

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(async () => {
    proxy.close()
    await bench.close()
  })

  function get(made: Made, into: string): RunningCli {
    return new RunningCli(['get', made.file, '-o', into, '--peer', proxy.address, '--json'], { cwd: bench.top })
  }

  it(`goes on from the pieces on disk, ${KILLS} times over`, async function () {
    this.timeout(120_000)
    const seed = Number(process.env['SEED'] ?? 20)
    const random = createRandom(seed)
    const made = bench.make('film.bin', 16 * MiB + 5_000, 64 * 1024)
    const seeder = await bench.seeder(made)
    await seeder.event('torrent')
    proxy = await SlowProxy.to(seeder.port, 5 * MiB)
    const into = bench.at('into')
    const onDisk = path.join(into, 'film.bin')
    let total = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const before = piecesOnDisk(onDisk, made)
      proxy.reset()
      const run = get(made, into)
      const lines = await run.until(/"event":"torrent"/)
      const told = lines.map(line => JSON.parse(line) as { event: string; have?: number })
      expect(told.find(row => row.event === 'torrent')?.have, `run ${kill}, seed ${seed}`).to.equal(before.size)
      await proxy.passed(random.u32() % MiB)
      run.signal('SIGKILL')
      await run.ended
      total += proxy.servedBytes
      const again = [...proxy.served.keys()].filter(piece => before.has(piece))
      expect(again, `pieces fetched again in run ${kill}, seed ${seed}`).to.deep.equal([])
    }
    const before = piecesOnDisk(onDisk, made)
    expect(before.size).to.be.greaterThan(10)
    expect(before.size, 'there must be something left to fetch').to.be.lessThan(made.metainfo.geometry.pieceCount)
    proxy.reset()
    const outcome = await get(made, into).ended
    expect(outcome.code, outcome.stderr).to.equal(0)
    total += proxy.servedBytes
    expect([...proxy.served.keys()].filter(piece => before.has(piece))).to.deep.equal([])
    expect(same(into, made.files)).to.equal(true)
    expect(total).to.be.lessThan(made.content.length + KILLS * 24 * MiB)
  })
})
