import { loopback, type Place } from '../places.js'
import { hasPackage, peersFolder, type Program, scriptWords } from '../programs.js'
import { type ForeignClient, withOptions } from './client.js'

const SESSION = `
  import WebTorrent from 'webtorrent'
  const [, mode, source, path, options] = process.argv
  const alone = { dht: false, lsd: false, natUpnp: false, natPmp: false }
  const client = new WebTorrent({ ...alone, ...JSON.parse(options) })
  client.on('error', error => console.log(error))
  const torrent = client.add(source, { path })
  torrent.on('warning', warning => console.log(warning))
  torrent.on('wire', (wire, address) => console.log('wire', wire.type, address))
  torrent.on('done', () => {
    console.log('whole')
    if (mode === 'get') client.destroy(() => process.exit())
  })
`

const CREATE = `
  import create from 'create-torrent'
  import { writeFileSync } from 'node:fs'
  const [, content, file, tracker] = process.argv
  create(content, { announceList: [[tracker]] }, (error, torrent) => {
    if (error) throw error
    writeFileSync(file, torrent)
  })
`

/** Left to itself it dials encrypted only, and by uTP four times over 40 s before it tries TCP. */
export function webtorrent(options: Readonly<Record<string, unknown>> = {}): ForeignClient {
  const run = (at: Place, mode: string, source: string, folder: string): Program => {
    const [program, ...words] = scriptWords(SESSION, [mode, source, folder, JSON.stringify(options)])
    return at.start(program, words, { cwd: peersFolder })
  }
  return {
    name: `webtorrent${withOptions(options)}`,
    missing: hasPackage('webtorrent') ? null : `npm's webtorrent in ${peersFolder}`,
    loopback: true,
    emptyFiles: true,
    create(content, torrent, tracker) {
      const [program, ...words] = scriptWords(CREATE, [content, torrent, tracker])
      return loopback.start(program, words, { cwd: peersFolder }).done()
    },
    seed: (at, torrent, folder) => Promise.resolve(run(at, 'seed', torrent, folder)),
    get: (at, source, folder) => run(at, 'get', source, folder).done(),
  }
}
