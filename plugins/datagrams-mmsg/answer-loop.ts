// What a thread does with its socket: reads what is there, has each datagram answered, and sends the answers.
import { constants } from 'node:os'
import { FirstFault } from '../../core/base/first-fault.js'
import { REPLY_LATER, type Answerer } from '../../core/contracts/host.js'
import { MessageBatch } from './message-batch.js'
import { MMSGHDR } from './struct-layouts.js'
import { systemError, type SystemCalls } from './system-calls.js'
import type { Logger } from '../../core/base/log.js'

const { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, ENOTSOCK, ENOSYS } = constants.errno
/** What does not go away by asking again. */
const FATAL: readonly number[] = [EBADF, EFAULT, EINVAL, ENOTSOCK, ENOSYS]

/** Where a thread counts, by its row in memory that the main thread reads. */
export const Count = {
  Received: 0,
  Sent: 1,
  /** Longer than a slot. */
  TooLong: 2,
  /** Answers that the system would not send. */
  Unsent: 3,
  /** Not answered because the answerer threw, or gave what is no answer here. */
  Failed: 4,
  /** Returns from waiting, also with nothing. */
  Turns: 5,
} as const
export const COUNTS = 6

export interface LoopWork {
  readonly calls: SystemCalls
  readonly fd: number
  readonly family: 4 | 6
  readonly answerer: Answerer
  /** COUNTS numbers. */
  readonly counts: Float64Array
  /** The time, looked up anew; asked once for what one call brought. */
  readonly look: () => number
  readonly log: Logger
}

export class AnswerLoop {
  private readonly batch: MessageBatch
  private readonly fault: FirstFault

  constructor(
    private readonly work: LoopWork,
    size: number,
  ) {
    this.batch = new MessageBatch(work.calls, work.family, size)
    this.fault = new FirstFault(work.log, 'answering a datagram failed')
  }

  /** Waits for datagrams, as long as the socket lets it, and answers them. Throws when the socket is of no use any more. */
  turn(): void {
    const { batch } = this
    const { calls, fd, counts } = this.work
    const got = calls.receive(fd, batch.memory, batch.incoming, batch.size)
    counts[Count.Turns]!++
    if (got > 0) {
      counts[Count.Received]! += got
      this.send(this.answer(got, this.work.look()))
    } else if (FATAL.includes(-got)) throw systemError('recvmmsg', -got)
  }

  /** How many of them are to be answered. */
  private answer(got: number, now: number): number {
    const { batch } = this
    const { answerer, counts } = this.work
    const { packets, from, replies } = batch
    let answers = 0
    for (let slot = 0; slot < got; slot++) {
      const length = batch.length(slot)
      if (length < 0) {
        counts[Count.TooLong]!++
        continue
      }
      if (!batch.sender(slot)) continue
      const reply = replies[slot]!
      let said = 0
      try {
        said = answerer.answer(packets[slot]!, length, from, now, reply)
      } catch (error) {
        counts[Count.Failed]!++
        this.fault.tell(error)
        continue
      }
      if (said > 0 && said <= reply.length) batch.answer(slot, said, answers++)
      else if (said === REPLY_LATER || said > 0) counts[Count.Failed]!++
    }
    return answers
  }

  private send(answers: number): void {
    const { batch } = this
    const { calls, fd, counts } = this.work
    for (let gone = 0; gone < answers;) {
      const sent = calls.send(fd, batch.memory, batch.outgoing + gone * MMSGHDR.size, answers - gone)
      if (sent > 0) {
        counts[Count.Sent]! += sent
        gone += sent
      } else if (sent === -EAGAIN) {
        // The way out is shut: who asks again may find it open.
        counts[Count.Unsent]! += answers - gone
        return
      } else if (sent !== -EINTR) {
        counts[Count.Unsent]!++
        gone++
      }
    }
  }
}
