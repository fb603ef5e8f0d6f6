// A piece on its way: a slot is taken, its blocks are copied in from where a socket left them, the slot is given back.
import { copyBytes } from '../../core/base/copy.js'
import { BLOCK_LENGTH, pieceGeometry } from '../../core/protocol/geometry.js'
import { BufferArena } from '../../core/torrent/buffer-arena.js'
import { PieceSlots } from '../../core/torrent/piece-slots.js'
import type { Bench } from './bench.js'

const BLOCKS = 64
const PIECE = BLOCKS * BLOCK_LENGTH

export const slotBenches: readonly Bench[] = [
  {
    name: 'slot: a piece of 1 MiB, block by block, from a socket chunk',
    each: BLOCKS,
    bytes: PIECE,
    prepare() {
      const geometry = pieceGeometry(1000 * PIECE, PIECE)
      const arena = new BufferArena(64 << 20)
      // Memory that was never written to has yet to be given by the system.
      new Uint8Array(arena.memory).fill(1)
      const slots = new PieceSlots(geometry, arena)
      // Never aligned as the slot is, since 13 bytes stand before each block.
      const chunk = Buffer.alloc(65_536, 0x5a)
      const open: number[] = []
      let next = 0
      return {
        run() {
          const piece = geometry.piece(next++ % geometry.pieceCount)
          if (piece === -1) return
          if (open.length === 32) slots.release(open.shift() ?? 0)
          const slot = slots.take(piece)
          for (let k = 0; k < BLOCKS; k++) copyBytes(chunk, 13 + (k & 3), BLOCK_LENGTH, slots.blockData(slot, k), 0)
          open.push(slot)
        },
      }
    },
  },
]
