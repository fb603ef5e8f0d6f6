// One torrent as a selector plugin may see it: live arrays to read, and randomness of its own.
import { createRandom, type Random } from '../base/random.js'
import type { SwarmView } from '../contracts/piece-selector.js'
import type { Availability } from './availability.js'
import type { PieceBook } from './piece-book.js'

export function swarmView(book: PieceBook, availability: Availability, random: Random): SwarmView {
  return {
    geometry: book.geometry,
    state: book.state,
    priority: book.priority,
    availability: availability.count,
    get seeds() {
      return availability.seeds
    },
    random: createRandom(random.u32()),
  }
}
