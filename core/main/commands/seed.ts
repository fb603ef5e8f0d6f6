import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { seederProfile } from '../built-in-profiles.js'
import { example } from '../command.js'
import { cliErrors } from '../errors.js'
import { byteRate, collected, limitsOf, port } from '../options.js'
import { runOrPrint } from '../run-profile.js'
import type { Shell } from '../shell.js'
import { stateFolder } from '../state-folder.js'
import { torrentAt } from '../torrent-source.js'

interface Options {
  readonly torrent?: string
  readonly announce: readonly string[]
  readonly port?: number
  readonly limitDown?: string
  readonly limitUp?: string
  readonly printProfile?: boolean
}

export function register(program: Command, shell: Shell): void {
  program
    .command('seed')
    .description('seed a file or folder from where it lies, until stopped')
    .argument('<path>', 'the file or folder')
    .option('--torrent <file>', 'its .torrent file; one is made where none is given')
    .option('--announce <url>', 'announce to this tracker; may be given again', collected, [])
    .option('--port <n>', 'accept peers at this port; 6881, else the next free one up to 6889', port)
    .option('--limit-down <rate>', 'download no faster: bytes a second, or such as 5MiB/s', byteRate)
    .option('--limit-up <rate>', 'upload no faster', byteRate)
    .option('--print-profile', 'print the profile instead of running it')
    .addHelpText('after', example('shoal seed holiday/ --announce udp://tracker.example:6969/announce'))
    .action(async (given: string, options: Options) => {
      const path = await existing(given, shell)
      const torrent = options.torrent === undefined ? undefined : await torrentAt(options.torrent, shell.workingDir)
      const { announce, port: at, printProfile = false } = options
      const dataDir = stateFolder(shell.env)
      const content = seederProfile({ path, torrent, announce, port: at, dataDir, limits: limitsOf(options) })
      await runOrPrint(shell, 'seed', content, printProfile, {
        log: 'warn',
        errorsEnd: true,
        opened(api) {
          for (const { file } of api.snapshot().torrents) if (file !== undefined) shell.tell(`torrent file: ${file}`)
        },
      })
    })
}

async function existing(given: string, shell: Shell): Promise<string> {
  const path = resolve(shell.workingDir, given)
  if ((await stat(path).catch(() => null)) !== null) return path
  throw cliErrors.make('ERR_USAGE_SOURCE', `${given}: there is no such file or folder`)
}
