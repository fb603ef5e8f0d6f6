// A tracker under attack from start to end: so many hostile packets, honest clients beside them, and what came of it.
import { Attacker } from './attacker.js'
import { HonestClient } from './honest-client.js'
import { HostilePackets } from './packets.js'
import { Victim, type Io } from './victim.js'
import type { Scratch } from '../scratch.js'

export interface Siege {
  readonly io: Io
  readonly packets: number
  readonly seed: number
  readonly scratch: Scratch
  /** Told now and then. */
  progress?(sent: number, memory: number): void
}

export interface SiegeReport {
  readonly io: Io
  readonly packets: number
  readonly seconds: number
  /** Of the requests that say when all before them was read, so many went unanswered. */
  readonly lostMarks: number
  /** MiB before the first packet, at each tenth of the way, and at the end. */
  readonly memory: readonly number[]
  /** Of those without an id: bytes that came back for each byte sent, and the most there may be is 1. */
  readonly amplification: number
  readonly answersToMembers: number
  readonly wrongAnswers: readonly string[]
  readonly honestAsked: number
  readonly honestAnswered: number
  /** Each honest client was told of exactly the others, in the end. */
  readonly honestPeersRight: boolean
  /** Lines of the node's log while it was attacked, and those among them that tell of an error. */
  readonly logLines: number
  readonly complaints: readonly string[]
  readonly exitCode: number | null
}

/** Between two marks; what waits then fits into the least that a system gives a socket. */
const BURST = 128
const ID_MS = 60_000
/** An id is worth nothing after two minutes; three, to be sure of the second in which it was given. */
const OLD_MS = 125_000
const HONEST_PAUSE_MS = 20
const LEAST_ADDRESSES = 8
const HONEST = ['127.0.3.1', '127.0.3.2', '127.0.3.3', '::1']

export async function besiege({ io, packets, seed, scratch, progress }: Siege): Promise<SiegeReport> {
  const victim = await Victim.start(scratch, io)
  const quiet = victim.lines.length
  const wrong: string[] = []
  const told = (what: string): void => void (wrong.length < 10 && wrong.push(what))
  const open = (address: string, stranger: boolean) => Attacker.open(address, victim.port, told, { stranger })
  const each = (net: number): string[] => Array.from({ length: LEAST_ADDRESSES }, (_, i) => `127.0.${net}.${i + 1}`)
  const strangers = await Promise.all([...each(1), '::1'].map(address => open(address, true)))
  const members = await Promise.all([...each(2), '::1'].map(address => open(address, false)))
  const veteran = await open('127.0.4.1', true)
  const mark = await open('127.0.4.2', true)
  const infoHash = new Uint8Array(20).fill(0x77)
  const honest = await Promise.all(
    HONEST.map((address, i) => HonestClient.open(address, victim.port, 20_000 + i, infoHash)),
  )
  const everybody = [...strangers, ...members, veteran, mark]
  try {
    for (const one of [...members, veteran]) await one.connect()
    for (const client of [...honest, ...honest]) await client.announce()
    let over = false
    const living = honest.map(client => keepAnnouncing(client, () => over))
    const memory = [victim.memory]
    const began = performance.now()
    const mix = new HostilePackets(seed)
    let lostMarks = 0
    let renewed = began
    let sent = 0
    let marked = Promise.resolve(true)
    while (sent < packets && victim.alive) {
      for (let i = 0; i < BURST && sent < packets; i++, sent++) {
        const stranger = strangers[sent % strangers.length]
        const member = members[sent % members.length]
        // None of a stranger's own address, for an id is good at all ports of it.
        const seen = members[sent % LEAST_ADDRESSES]
        if (stranger === undefined || member === undefined || seen === undefined) throw new Error('nobody is there')
        if (sent % 2 === 0) stranger.send(mix.bytes, mix.stranger(seen.id))
        else member.send(mix.bytes, mix.member(member.id))
      }
      if (performance.now() - began > OLD_MS) veteran.send(mix.bytes, mix.announce(veteran.id))
      // One burst is on its way while the one before it is waited for.
      const before = marked
      marked = mark.connect()
      if (!(await before)) lostMarks++
      if (performance.now() - renewed > ID_MS) {
        renewed = performance.now()
        for (const one of members) await one.connect()
      }
      if (sent >= (packets / 10) * memory.length) {
        memory.push(victim.memory)
        progress?.(sent, victim.memory)
      }
    }
    await marked
    over = true
    await Promise.all(living)
    const seconds = (performance.now() - began) / 1000
    const [honestAsked, honestAnswered] = [total(honest, 'asked'), total(honest, 'answered')]
    for (const client of honest) await client.announce()
    const silent = [...strangers, veteran, mark]
    return {
      io,
      packets: sent,
      seconds,
      lostMarks,
      memory: [...memory, victim.memory],
      amplification: total(silent, 'bytesHeard') / total(silent, 'bytesSent'),
      answersToMembers: total(members, 'heard'),
      wrongAnswers: wrong,
      honestAsked,
      honestAnswered,
      honestPeersRight: honest.every(client => knowsTheOthers(client, honest)),
      logLines: victim.lines.length - quiet,
      complaints: victim.complaints,
      exitCode: await victim.stop(),
    }
  } finally {
    for (const one of [...everybody, ...honest]) one.close()
    if (victim.alive) await victim.stop()
  }
}

async function keepAnnouncing(client: HonestClient, over: () => boolean): Promise<void> {
  while (!over()) {
    await client.announce()
    await new Promise(resolve => setTimeout(resolve, HONEST_PAUSE_MS))
  }
}

function total<K extends string>(all: readonly Readonly<Record<K, number>>[], key: K): number {
  return all.reduce((sum, one) => sum + one[key], 0)
}

function knowsTheOthers(client: HonestClient, all: readonly HonestClient[]): boolean {
  const v6 = client.address.includes(':')
  const others = all
    .filter(one => one !== client && one.address.includes(':') === v6)
    .map(one => (v6 ? `[${one.address}]:${one.port}` : `${one.address}:${one.port}`))
  return others.sort().join() === client.peers.join()
}
