// Content made into a torrent, checked, and moved from one Shoal to another: whole commands, each in a process of its own,
// over loopback, from file to file.
import path from 'node:path'
import type { Facts, Trial, Wish } from './bench.js'
import { Child, type Outcome } from './child.js'
import { type Content, makeContent, sameFile } from './content.js'
import { medianOf } from './median.js'
import { Scratch } from './scratch.js'
import { shoalWords } from './shoal-words.js'

const MIB = 1 << 20
const TIMEOUT_MS = 120_000

async function whole(...words: readonly string[]): Promise<Outcome> {
  const child = Child.start({ words: shoalWords(...words) })
  const outcome = await child.outcome(TIMEOUT_MS)
  if (outcome.code !== 0) throw new Error(`shoal ${words[0] ?? ''} ended with ${outcome.code}: ${child.said}`)
  return outcome
}

const medians = (rounds: readonly Facts[]): Facts =>
  Object.fromEntries(
    Object.keys(rounds[0] ?? {}).map(name => [name, medianOf(rounds.map(round => round[name] ?? NaN))]),
  )

async function transferred(content: Content, scratch: Scratch, rounds: number): Promise<Facts> {
  const words = shoalWords('seed', content.path, '--torrent', content.torrent, '--port', '0', '--json')
  const seeder = Child.start({ words, env: { XDG_STATE_HOME: scratch.folder('state') } }, { listening: true })
  const { peers } = await seeder.line('peers', TIMEOUT_MS)
  const peer = `127.0.0.1:${String(peers).split(':').pop() ?? ''}`
  await seeder.line('infoHash', TIMEOUT_MS)
  const gib = content.bytes / 2 ** 30
  const all: Facts[] = []
  // The first round warms the seeder.
  for (let round = 0; round <= rounds; round++) {
    const into = scratch.folder('into')
    const before = seeder.cpuSeconds
    const get = shoalWords('get', content.torrent, '-o', into, '--peer', peer, '--json')
    const leecher = Child.start({ words: get }, { listening: true })
    const { seconds } = await leecher.line('seconds', TIMEOUT_MS)
    const done = await leecher.outcome(TIMEOUT_MS)
    if (!sameFile(path.join(into, content.name), content.path)) throw new Error('the download is not what was seeded')
    if (round === 0) continue
    all.push({
      mbPerSecond: content.bytes / 1e6 / Number(seconds),
      commandSeconds: done.seconds,
      downloadCpuSecondsPerGiB: done.cpuSeconds / gib,
      uploadCpuSecondsPerGiB: (seeder.cpuSeconds - before) / gib,
      downloadRssMiB: done.memory.resident,
      uploadRssMiB: seeder.memory.resident,
    })
  }
  await seeder.stop()
  return medians(all)
}

async function hashed(content: Content, scratch: Scratch, rounds: number): Promise<Facts> {
  const all: Facts[] = []
  const mb = content.bytes / 1e6
  for (let round = 0; round < rounds; round++) {
    const target = scratch.at(`made-${round}.torrent`)
    const created = await whole('create', content.path, '-o', target, '--piece-length', String(MIB), '--json')
    const verified = await whole('verify', target, content.folder, '--json')
    all.push({
      createMbPerSecond: mb / created.seconds,
      createCpuSeconds: created.cpuSeconds,
      verifyMbPerSecond: mb / verified.seconds,
      verifyCpuSeconds: verified.cpuSeconds,
    })
  }
  return medians(all)
}

async function withContent(
  { mib }: Wish,
  measure: (content: Content, scratch: Scratch) => Promise<Facts>,
): Promise<Facts> {
  const scratch = new Scratch(2 * mib * MIB)
  try {
    return { mib, ...(await measure(await makeContent(scratch.path, mib, MIB), scratch)) }
  } finally {
    scratch.remove()
  }
}

export const transferTrials: readonly Trial[] = [
  {
    name: 'transfer: from one node to another, download and upload',
    measure: wish => withContent(wish, (content, scratch) => transferred(content, scratch, wish.quick ? 1 : 3)),
  },
  {
    name: 'hash: create and verify, whole commands',
    measure: wish => withContent(wish, (content, scratch) => hashed(content, scratch, wish.quick ? 1 : 3)),
  },
]
