import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { toHex } from '../../base/bytes.js'
import { parseMetainfo, refuseV2Only, type Metainfo } from '../../protocol/metainfo.js'
import { example } from '../command.js'
import { checkContent } from '../content-check.js'
import { HashProgress } from '../hash-progress.js'
import { machineFiles, machineHashing, pathPlatform } from '../host-parts.js'
import { counted } from '../quantity.js'
import type { Shell } from '../shell.js'

/** Files and ranges of pieces named one by one; more are counted. */
const MOST_NAMED = 20

export function register(program: Command, shell: Shell): void {
  program
    .command('verify')
    .description('tell which pieces of the content on disk are right; ends with 0 only when all are, else with 4')
    .argument('<file>', 'a .torrent file')
    .argument('<dir>', "the folder in which the content lies, under the torrent's name")
    .addHelpText('after', example('shoal verify movie.torrent ~/Downloads'))
    .action((file: string, dir: string) =>
      verify(shell, resolve(shell.workingDir, file), resolve(shell.workingDir, dir)),
    )
}

async function verify(shell: Shell, file: string, folder: string): Promise<void> {
  const metainfo = parseMetainfo(await (await machineFiles()).read(file), pathPlatform)
  refuseV2Only(metainfo)
  const hashing = await machineHashing()
  const progress = new HashProgress(shell, metainfo.geometry.totalLength)
  const damage = await checkContent(metainfo, folder, hashing, progress.add).finally(() => progress.end())
  const { pieces: bad } = damage
  const pieces = metainfo.geometry.pieceCount
  const lacking = await emptyFilesMissing(metainfo, folder)
  const wrong = [...new Set([...damage.files, ...lacking])].sort((a, b) => a - b).map(i => pathOf(metainfo, i))
  const ok = wrong.length === 0
  if (!ok) shell.exitCode = 4
  const good = pieces - bad.length
  const { name } = metainfo
  shell.result(
    { ok, infoHash: toHex(metainfo.infoHash), name, pieces, good, bad, files: wrong },
    ok ? `${name}: all ${pieces} pieces are right` : report(metainfo, bad, wrong, folder),
  )
}

function report(metainfo: Metainfo, bad: readonly number[], files: readonly string[], folder: string): string {
  const { name, geometry } = metainfo
  const lines = [
    `${name}: ${bad.length} of ${geometry.pieceCount} pieces are wrong${bad.length === 0 ? '' : `: ${ranges(bad)}`}`,
  ]
  lines.push(...files.slice(0, MOST_NAMED).map(file => `  damaged or missing: ${file}`))
  if (files.length > MOST_NAMED) lines.push(`  and ${counted(files.length - MOST_NAMED, 'more file')}`)
  if (bad.length === geometry.pieceCount) lines.push(`  looked for it at ${join(folder, name)}`)
  return lines.join('\n')
}

/** "0-3, 7" */
function ranges(numbers: readonly number[]): string {
  const parts: string[] = []
  for (let i = 0; i < numbers.length; i++) {
    const from = numbers[i] ?? 0
    while (numbers[i + 1] === (numbers[i] ?? 0) + 1) i++
    parts.push(numbers[i] === from ? `${from}` : `${from}-${numbers[i]}`)
  }
  const more = parts.length - MOST_NAMED
  return parts.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more runs` : '')
}

/** No piece tells of a file without bytes. */
async function emptyFilesMissing(metainfo: Metainfo, folder: string): Promise<number[]> {
  const missing: number[] = []
  for (const [i, file] of metainfo.files.entries()) {
    if (file.length > 0 || file.padding) continue
    const facts = await stat(join(folder, ...file.path)).catch(() => null)
    if (facts?.isFile() !== true) missing.push(i)
  }
  return missing
}

function pathOf(metainfo: Metainfo, index: number): string {
  return metainfo.files[index]?.path.join('/') ?? ''
}
