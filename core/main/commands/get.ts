import { resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { FileNames } from '../../protocol/file-names.js'
import { parseMetainfo } from '../../protocol/metainfo.js'
import { getterProfile, stateBelow } from '../built-in-profiles.js'
import { example } from '../command.js'
import { cliErrors } from '../errors.js'
import { machineFiles, pathPlatform } from '../host-parts.js'
import { byteRate, collected, count, hostPort, limitsOf, port } from '../options.js'
import { runOrPrint } from '../run-profile.js'
import type { Shell } from '../shell.js'
import { torrentFile } from '../torrent-source.js'

interface Options {
  readonly output: string
  readonly peer: readonly string[]
  readonly announce: readonly string[]
  readonly selector: string
  readonly port: number
  readonly files: readonly string[]
  readonly firstAndLast?: boolean
  readonly seed?: boolean
  readonly ratio?: number
  readonly seedTime?: number
  readonly limitDown?: string
  readonly limitUp?: string
  readonly printProfile?: boolean
}

export function register(program: Command, shell: Shell): void {
  program
    .command('get')
    .description('download, verify, and end once all is there')
    .argument('<source>', 'a .torrent file, or the http(s) URL of one')
    .option('-o, --output <dir>', 'the folder to download to', '.')
    .option('--peer <host:port>', 'connect to this peer; may be given again', collectedPeer, [])
    .option('--announce <url>', 'ask this tracker as well; may be given again', collected, [])
    .option('--selector <name>', 'the order of pieces: rarest-first, sequential', 'rarest-first')
    .option('--port <n>', 'accept peers at this port; 0: any free one', port, 0)
    .option(
      '--files <list>',
      'only these: numbers as show gives them, ranges, patterns, such as "1-3,7,*.mkv"; may be given again',
      collectedFiles,
      [],
    )
    .option('--first-and-last', 'the first and the last piece of every file before all others')
    .option('--seed', 'go on as a seeder until stopped')
    .option('--ratio <n>', 'seed until so many bytes were uploaded for each byte of the content', count)
    .option('--seed-time <minutes>', 'seed for so long; with --ratio, whichever comes first', count)
    .option('--limit-down <rate>', 'download no faster: bytes a second, or such as 5MiB/s', byteRate)
    .option('--limit-up <rate>', 'upload no faster', byteRate)
    .option('--print-profile', 'print the profile instead of running it')
    .addHelpText(
      'after',
      example(
        'shoal get movie.torrent -o ~/Downloads',
        'shoal get https://example.org/movie.torrent',
        "shoal get season.torrent --files '1-3,*.srt'",
      ),
    )
    .action(async (source: string, options: Options) => {
      const into = resolve(shell.workingDir, options.output)
      const torrent = await torrentFile(source, shell.workingDir, stateBelow(into))
      const { peer: peers, announce, selector, port: at, files, firstAndLast = false } = options
      const { ratio, seedTime: minutes, printProfile = false } = options
      const goal = { ...(ratio === undefined ? {} : { ratio }), ...(minutes === undefined ? {} : { minutes }) }
      const seed = options.seed === true || Object.keys(goal).length > 0
      const limits = limitsOf(options)
      if (files.length > 0) await refuseAbsent(torrent, files)
      const content = getterProfile({
        torrent,
        into,
        peers,
        announce,
        selector,
        port: at,
        files,
        firstAndLast,
        limits,
        goal,
      })
      await runOrPrint(shell, 'get', content, printProfile, {
        log: 'warn',
        errorsEnd: true,
        finished: event => event.event === 'complete' || (event.event === 'torrent' && event['bytesLeft'] === 0),
        staysWhenFinished: seed,
      })
    })
}

/** Said before a node is started. */
async function refuseAbsent(torrent: string, chosen: readonly string[]): Promise<void> {
  const bytes = await (await machineFiles()).read(torrent)
  const names = new FileNames(parseMetainfo(bytes, pathPlatform).files)
  for (const name of chosen) {
    if (names.find(name).length === 0) throw cliErrors.make('ERR_USAGE_FILES', `--files: ${names.missing(name)}`)
  }
}

function collectedFiles(value: string, before: readonly string[]): readonly string[] {
  const names = value.split(',').map(name => name.trim())
  if (names.includes('')) throw new InvalidArgumentError('Expected numbers, ranges and patterns, joined by commas.')
  return [...before, ...names]
}

function collectedPeer(value: string, before: readonly string[]): readonly string[] {
  return collected(hostPort(value), before)
}
