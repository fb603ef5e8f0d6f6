// What a node tells of itself while it runs, as rows for programs or lines for people.
import { formatEndpoint } from '../base/address.js'
import { NodeError } from '../base/errors.js'
import { Api, type NodeEvent } from '../contracts/node-api.js'
import { TrackerServers } from '../contracts/tracker.js'
import type { Kernel } from '../kernel/kernel.js'
import { size, span } from './quantity.js'
import type { Shell } from './shell.js'

/** `ready`: everything listens. */
export function tellReady(shell: Shell, kernel: Kernel): void {
  const announce = kernel.find(TrackerServers).flatMap(server => server.announceUrls)
  const peers = (kernel.find(Api)?.listening ?? []).map(formatEndpoint).join(', ')
  shell.record({
    event: 'ready',
    ...(announce.length === 0 ? {} : { announce }),
    ...(peers === '' ? {} : { peers }),
  })
  for (const url of announce) shell.print(url)
  if (peers !== '' && !shell.json) shell.note(`listening for peers at ${peers}`)
}

export function tellEvent(shell: Shell, event: NodeEvent): void {
  shell.record(event)
  if (shell.json) return
  const text = (key: string): string => textOf(event[key])
  const number = (key: string): number => Number(event[key] ?? 0)
  switch (event.event) {
    case 'torrent':
      shell.tell([text('name'), text('magnet')].filter(line => line !== '').join('\n  '))
      break
    case 'complete':
      shell.tell(`complete: ${size(number('bytes'))} in ${span(number('seconds'))}, every piece verified`)
      break
    case 'state':
      shell.note(`${text('name')}: ${text('phase')}`)
      break
    case 'announce':
      if (event['error'] !== null) shell.note(`${text('url')}: ${text('error')}`)
      else if (event['warning'] !== undefined) shell.note(`${text('url')} warns: ${text('warning')}`)
      break
    case 'warning':
    case 'error':
      shell.note(`${event.event}: ${text('message')} (${text('code')})`)
  }
}

/** The error that an `error` event tells of, as something to throw. */
export function errorOf(event: NodeEvent): NodeError {
  const { code, message, blame, ...details } = event
  const who = blame === 'remote' || blame === 'defect' ? blame : 'operator'
  return new NodeError(textOf(code), who, textOf(message), { details })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
