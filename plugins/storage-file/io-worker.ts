import { parentPort, workerData } from 'node:worker_threads'
import { IoDesk } from './io-desk.js'
import type { ToThread } from './io-message.js'
import { WriteTurns } from './write-turns.js'

const port = parentPort
if (port === null) throw new Error('io-worker is started as a thread by io-lane')
const { openFiles, turns } = workerData as { openFiles: number; turns: Int32Array<SharedArrayBuffer> }
const desk = new IoDesk(openFiles, new WriteTurns(turns))

port.on('message', (message: ToThread) => {
  const answer = desk.take(message)
  if (answer !== null) port.postMessage(answer)
})
