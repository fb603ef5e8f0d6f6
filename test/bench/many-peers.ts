// One peer against many, up and down, on one machine: node dist/test/bench/many-peers.js [up|down|deaf] [OPTIONS].
// Prints a line of JSON for each crowd: rate, fairness, delay of the event loop, memory and CPU time of the node.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { toHex } from '../../core/base/bytes.js'
import { createRandom } from '../../core/base/random.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import type { CrowdPlan, CrowdReport } from './cheap-crowd.js'
import { NodeUnderLoad } from './node-under-load.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'string', default: '1,50' },
    mib: { type: 'string', default: '512' },
    piece: { type: 'string', default: '1024' },
    order: { type: 'string', default: 'shuffle' },
    pipeline: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
    warm: { type: 'string', default: '5' },
    part: { type: 'string', default: '1' },
    beside: { type: 'string', default: '0' },
    client: { type: 'string', default: '{}' },
    tmp: { type: 'string', default: '/dev/shm' },
    prof: { type: 'string' },
  },
})
const crowdProcess = fileURLToPath(new URL('./cheap-crowd.js', import.meta.url))
const cli = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))
const folder = mkdtempSync(join(values.tmp, 'shoal-many-'))
const source = join(folder, 'source.bin')
const flags = values.prof === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.prof}`]

function makeContent(): void {
  const block = new Uint8Array(Number(values.mib) << 20)
  const words = new Uint32Array(block.buffer)
  const random = createRandom(1)
  for (let i = 0; i < words.length; i += 64) words.fill(random.u32(), i, i + 64)
  writeFileSync(source, block)
  execFileSync(process.execPath, [
    cli,
    'create',
    source,
    '-o',
    join(folder, 'source.torrent'),
    '--piece-length',
    String(Number(values.piece) << 10),
    '--json',
  ])
}

function plugins(client: object): readonly object[] {
  const names = ['host-node', 'transport-tcp', 'storage-file', 'selector-rarest-first', 'choke-tit-for-tat']
  const config = { listen: '127.0.0.1:0', ...client, ...(JSON.parse(values.client) as object) }
  return [...names.map(name => ({ use: `builtin:${name}` })), { use: 'builtin:client', config }]
}

function crowd(plan: CrowdPlan): Promise<CrowdReport> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [crowdProcess, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let told = ''
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
    child.once('close', code => {
      if (code === 0) resolve(JSON.parse(told) as CrowdReport)
      else reject(new Error(`the crowd ended with ${code}`))
    })
  })
}

async function measure(mode: string, peers: number): Promise<object> {
  const { geometry, infoHash } = parseMetainfo(readFileSync(join(folder, 'source.torrent')))
  const into = join(folder, 'into')
  mkdirSync(into, { recursive: true })
  const torrent = join(folder, 'source.torrent')
  const node = NodeUnderLoad.start(
    folder,
    plugins(mode === 'down' ? { torrents: [{ file: torrent, into }] } : { seeds: [{ path: source, torrent }] }),
    flags,
  )
  const port = await node.port()
  await node.event('torrent')
  const { rss } = node.memory
  await node.loopDelay()
  let cpu = node.cpuSeconds
  const { pieceLength, totalLength } = geometry
  const shared = { port, peers, infoHash: toHex(infoHash), pieceLength, totalLength }
  const deaf = Number(values.beside)
  const pipeline = Number(values.pipeline)
  const seconds = Number(values.seconds)
  const warm = Number(values.warm)
  const beside =
    deaf > 0 ? crowd({ ...shared, peers: deaf, role: 'leech', pipeline: 500, seconds, warm, deaf: true }) : null
  const pending =
    mode === 'down'
      ? crowd({ ...shared, role: 'seed', source, part: Number(values.part) })
      : crowd({
          ...shared,
          role: 'leech',
          order: values.order as NonNullable<CrowdPlan['order']>,
          pipeline,
          seconds,
          warm,
          deaf: mode === 'deaf',
        })
  if (mode === 'down') await node.event('complete')
  else {
    // Within the time that the crowd counts, which begins when its process has started.
    await passed(warm * 1000 + 300)
    cpu = node.cpuSeconds
    await node.loopDelay()
    await passed(seconds * 1000 - 300)
  }
  const facts = { cpu: node.cpuSeconds - cpu, delay: await node.loopDelay(), memory: node.memory }
  if (mode === 'down') await node.stop()
  const report = await pending
  await beside
  await node.stop()
  rmSync(into, { recursive: true, force: true })
  rmSync(join(folder, 'state'), { recursive: true, force: true })
  const part = mode === 'down' ? 1 : (seconds - 0.3) / seconds
  const gib = ((mode === 'down' ? totalLength : report.bytes) * part) / 2 ** 30
  return {
    mode,
    peers,
    // What came of use: a block that was sent twice counts once.
    mbPerSecond: round((mode === 'down' ? totalLength : report.bytes) / report.seconds / 1e6),
    least: round(report.least),
    most: round(report.most),
    ...(mode === 'down' ? { sentForEachByte: round(report.bytes / totalLength) } : { unchokes: report.unchokes }),
    closed: report.closed,
    cpuPerGib: round(facts.cpu / gib),
    crowdCpuPerGib: round(report.cpuSeconds / gib),
    loopMs: Object.fromEntries(Object.entries(facts.delay).map(([name, ms]) => [name, round(ms as number)])),
    rssBefore: Math.round(rss),
    rss: Math.round(facts.memory.rss),
    rssPeak: Math.round(facts.memory.peak),
  }
}

const round = (n: number): number => Math.round(n * 100) / 100

try {
  makeContent()
  for (const mode of positionals.length > 0 ? positionals : ['up', 'down'])
    for (const peers of values.peers.split(','))
      process.stdout.write(`${JSON.stringify(await measure(mode, Number(peers)))}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
