// A thread that answers. Nothing but datagrams comes in while it reads: no timer, promise or message.
import { parentPort, workerData } from 'node:worker_threads'
import { AnswerLoop } from './answer-loop.js'
import { SystemCalls } from './system-calls.js'
import { ThreadClock, threadPlace } from './thread-place.js'
import type { AnswerOrder, FromAnswerer } from './answer-order.js'

const port = parentPort
if (port === null) throw new Error('answer-worker is started as a thread by answer-thread')
const post = (message: FromAnswerer): void => port.postMessage(message)

const order = workerData as AnswerOrder
const { fd, family, counts, stop } = order
const clock = new ThreadClock(order.ahead)
const place = threadPlace(order, clock, post)
const calls = await SystemCalls.open()
const answerer = await place.open(order.answerer)
const loop = new AnswerLoop(
  { calls, fd, family, answerer, counts, look: () => clock.look(), log: place.log },
  order.batch,
)
post('reading')
while (Atomics.load(stop, 0) === 0) loop.turn()
