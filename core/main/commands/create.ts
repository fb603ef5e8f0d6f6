import { basename, resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { toHex } from '../../base/bytes.js'
import { magnetOf } from '../../protocol/magnet.js'
import { trackerUrlFault } from '../../protocol/tracker-url.js'
import { assembleTorrent, planTorrent } from '../../protocol/torrent-plan.js'
import { example } from '../command.js'
import { HashProgress } from '../hash-progress.js'
import { machineFiles, machineHashing, pathPlatform } from '../host-parts.js'
import { systemClock } from '../host.js'
import { counted, size } from '../quantity.js'
import type { Shell } from '../shell.js'

interface Options {
  readonly output?: string
  readonly announce: readonly (readonly string[])[]
  readonly pieceLength?: number
  readonly private?: boolean
  readonly name?: string
  readonly comment?: string
  readonly source?: string
}

export function register(program: Command, shell: Shell): void {
  program
    .command('create')
    .description('make a .torrent of a file or folder; no links are followed, names beginning with "." are left out')
    .argument('<path>', 'the file or folder')
    .option('-o, --output <file>', 'the .torrent to write; NAME.torrent in this folder where not given')
    .option(
      '--announce <url>',
      'a tracker, or several in one tier, joined by commas; each --announce is a tier',
      tier,
      [],
    )
    .option('--piece-length <n>', 'bytes a piece, such as 262144, 256K or 1M; by size where not given', byteCount)
    .option('--private', 'find peers by these trackers only')
    .option('--name <name>', 'what the content is called; the name of PATH where not given')
    .option('--comment <text>', 'a comment')
    .option('--source <text>', 'a mark that makes another info-hash of the same content')
    .addHelpText('after', example('shoal create holiday/ --announce udp://tracker.example:6969/announce'))
    .action((path: string, options: Options) => create(shell, path, options))
}

async function create(shell: Shell, path: string, options: Options): Promise<void> {
  const root = resolve(shell.workingDir, path)
  const disk = await machineFiles()
  const files = await disk.walk(root)
  const platform = pathPlatform
  const plan = planTorrent(files, options.name ?? basename(root), { pieceLength: options.pieceLength, platform })
  const hashing = await machineHashing()
  const progress = new HashProgress(shell, plan.totalLength)
  const pieces = await hashing
    .digests(files, root, plan.pieceLength, progress.add, new AbortController().signal)
    .finally(() => progress.end())
  const { comment, source } = options
  const { bytes, metainfo } = assembleTorrent(plan, pieces, {
    trackers: options.announce,
    private: options.private,
    comment,
    source,
    createdBy: `Shoal ${await shell.version()}`,
    creationDate: Math.floor(systemClock.epoch() / 1000),
    platform,
  })
  const file = resolve(shell.workingDir, options.output ?? `${metainfo.name}.torrent`)
  await disk.writeAtomic(file, bytes, { forOthers: true })
  const { name, geometry } = metainfo
  const infoHash = toHex(metainfo.infoHash)
  const magnet = magnetOf(metainfo, metainfo.trackers)
  const { totalLength, pieceLength, pieceCount } = geometry
  shell.result(
    { infoHash, magnet, file, name, bytes: totalLength, pieceLength, pieces: pieceCount, files: files.length },
    [
      `${name}: ${size(totalLength)} in ${counted(files.length, 'file')}, ${counted(pieceCount, 'piece')} of ${size(pieceLength)}`,
      `info-hash  ${infoHash}`,
      `magnet     ${magnet}`,
      `written to ${file}`,
    ].join('\n'),
  )
}

function tier(value: string, before: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const urls = value.split(',').map(url => url.trim())
  for (const url of urls) {
    if (!/^(https?|udp|wss?):$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
      throw new InvalidArgumentError(`"${url}" is no http, https or udp URL.`)
    }
    const fault = trackerUrlFault(new URL(url))
    if (fault !== null) throw new InvalidArgumentError(`"${url}": ${fault}.`)
  }
  return [...before, urls]
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2 }

function byteCount(value: string): number {
  const parts = /^(\d{1,12})(?:([KM])(?:i?B)?)?$/i.exec(value)
  if (parts === null) throw new InvalidArgumentError('Expected a number of bytes, such as 262144, 256K or 1M.')
  return Number(parts[1]) * (UNITS[(parts[2] ?? '').toUpperCase()] ?? 1)
}
