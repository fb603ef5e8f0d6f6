import { resolve } from 'node:path'
import type { Command } from 'commander'
import { toHex } from '../../base/bytes.js'
import { magnetOf } from '../../protocol/magnet.js'
import { parseMetainfo, type Metainfo } from '../../protocol/metainfo.js'
import { example } from '../command.js'
import { machineFiles, pathPlatform } from '../host-parts.js'
import { size, utcTime } from '../quantity.js'
import type { Shell } from '../shell.js'

export function register(program: Command, shell: Shell): void {
  program
    .command('show')
    .description('name, info-hash, magnet link, pieces, trackers and files of a .torrent')
    .argument('<file>', 'a .torrent file')
    .addHelpText('after', example('shoal show movie.torrent'))
    .action(async (file: string) => {
      const bytes = await (await machineFiles()).read(resolve(shell.workingDir, file))
      const metainfo = parseMetainfo(bytes, pathPlatform)
      shell.result(asRow(metainfo), asText(metainfo))
    })
}

function asRow(metainfo: Metainfo): object {
  const { kind, name, geometry, trackers, comment, createdBy, source, creationDate, urlList, infoHashV2 } = metainfo
  return {
    name,
    infoHash: toHex(metainfo.infoHash),
    infoHashV2: infoHashV2 === null ? undefined : toHex(infoHashV2),
    kind,
    magnet: magnetOf(metainfo, trackers),
    bytes: geometry.totalLength,
    pieceLength: geometry.pieceLength,
    pieces: geometry.pieceCount,
    private: metainfo.private,
    trackers,
    webSeeds: urlList,
    files: stored(metainfo).map(({ path, length }, i) => ({ number: i + 1, path: path.join('/'), bytes: length })),
    comment: comment ?? undefined,
    createdBy: createdBy ?? undefined,
    source: source ?? undefined,
    creationDate: creationDate ?? undefined,
  }
}

function asText(metainfo: Metainfo): string {
  const { kind, name, geometry, trackers, comment, createdBy, source, creationDate, urlList, infoHashV2 } = metainfo
  const files = stored(metainfo)
  const lines: [string, string | null][] = [
    ['name', name],
    ['info-hash', toHex(metainfo.infoHash)],
    ['info-hash v2', infoHashV2 === null ? null : toHex(infoHashV2)],
    ['version', kind === 'v1' ? null : kind === 'hybrid' ? '1 and 2' : '2 only: can be shown, not transferred yet'],
    ['magnet', magnetOf(metainfo, trackers)],
    ['size', `${size(geometry.totalLength)} (${geometry.totalLength} bytes)`],
    ['pieces', `${geometry.pieceCount} of ${size(geometry.pieceLength)}`],
    ['private', metainfo.private ? 'yes' : null],
    ['created by', createdBy],
    ['created', creationDate === null ? null : utcTime(creationDate)],
    ['source', source],
    ['comment', comment],
    ...trackers.map((tier, i): [string, string] => [i === 0 ? 'trackers' : '', tier.join(', ')]),
    ...urlList.map((url, i): [string, string] => [i === 0 ? 'web seeds' : '', url]),
    ...files.map(({ path, length }, i): [string, string] => [
      i === 0 ? 'files' : '',
      `${String(i + 1).padStart(String(files.length).length)}  ${path.join('/')}  ${size(length)}`,
    ]),
  ]
  return lines.flatMap(([label, value]) => (value === null ? [] : [`${label.padEnd(13)}${oneLine(value)}`])).join('\n')
}

function stored(metainfo: Metainfo): Metainfo['files'] {
  return metainfo.files.filter(file => !file.padding)
}

/** A stranger's text must not look like a line of ours. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ')
}
