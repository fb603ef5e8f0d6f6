import { resolve } from 'node:path'
import type { Command } from 'commander'
import { trackerProfile } from '../built-in-profiles.js'
import { example } from '../command.js'
import { hostPort } from '../options.js'
import { runOrPrint } from '../run-profile.js'
import type { Shell } from '../shell.js'

interface Options {
  readonly http?: string
  readonly udp?: string
  readonly metrics?: string | true
  readonly printProfile?: boolean
}

export function register(program: Command, shell: Shell): void {
  program
    .command('track')
    .description('run a tracker; over HTTP and UDP at port 6969 unless said otherwise')
    .option('--http <host:port>', 'listen for HTTP here', hostPort)
    .option('--udp <host:port>', 'listen for UDP here', hostPort)
    .option('--metrics [host:port]', 'serve /metrics and /health here; 127.0.0.1:9469 unless said otherwise', hostPort)
    .option('--print-profile', 'print the profile instead of running it')
    .addHelpText('after', example('shoal track --udp 0.0.0.0:6969'))
    .action(async ({ http, udp, metrics, printProfile = false }: Options) => {
      const content = trackerProfile({ http, udp, metrics, dataDir: resolve(shell.workingDir, '.shoal') })
      await runOrPrint(shell, 'track', content, printProfile, {})
    })
}
