import { parentPort, workerData } from 'node:worker_threads'
import { IoDesk } from './io-desk.js'
import type { ToThread } from './io-message.js'

const port = parentPort
if (port === null) throw new Error('io-worker is started as a thread by io-lane')
const { openFiles } = workerData as { openFiles: number }
const desk = new IoDesk(openFiles)

port.on('message', (message: ToThread) => {
  const answer = desk.take(message)
  if (answer !== null) port.postMessage(answer)
})
