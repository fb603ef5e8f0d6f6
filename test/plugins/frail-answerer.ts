// An answerer for a thread that can end, hang, or not begin at all, as its packets and its data say.
import type { Portable, ThreadPlace } from '../../core/base/portable.js'
import type { Answerer } from '../../core/contracts/host.js'

export const Deed = { Echo: 0, Exit: 1, Throw: 2, Hang: 3, TooMuch: 4, Log: 5, Place: 6 } as const

interface FrailData {
  readonly opens: 'well' | 'not' | 'never' | 'without open'
  readonly nested?: Portable<string>
}

export function frailAnswerer(data: FrailData): Portable<Answerer> {
  const nothing = new URL('./endpoint-at.js', import.meta.url).href
  return { module: data.opens === 'without open' ? nothing : import.meta.url, data }
}

/** A part that has parts of its own. */
export const nested: Portable<string> = { module: import.meta.url, data: 'a name' }

export async function open(data: FrailData | string, place: ThreadPlace): Promise<Answerer | string> {
  if (typeof data === 'string') return `${data}, opened in thread ${place.number}`
  if (data.opens === 'not') throw new Error('this answerer does not open')
  if (data.opens === 'never') await new Promise(() => {})
  const name = data.nested === undefined ? '' : await place.open(data.nested)
  return {
    answer(packet, length, _from, now, reply) {
      const deed = length === 0 ? Deed.Echo : packet[0]
      if (deed === Deed.Exit) process.exit(7)
      if (deed === Deed.Throw) throw new Error('as asked')
      if (deed === Deed.Hang) for (;;) Math.hypot(length)
      if (deed === Deed.TooMuch) return reply.length + 1
      if (deed === Deed.Log) {
        place.log.child({ thread: place.number }).warn('said in a thread', { length })
        place.log.info('what cannot be cloned', { open })
      }
      if (deed === Deed.Place) {
        const text = JSON.stringify({ name, now, clock: place.clock.now(), random: place.random.u32() })
        reply.set(new TextEncoder().encode(text))
        return text.length
      }
      reply.set(packet.subarray(0, length))
      return length
    },
  }
}
