import assert from 'node:assert/strict'
import type { StorageFactory, StorageMove, TorrentStorage } from '../../core/contracts/storage.js'
import type { ConformanceCase } from './case.js'
import { casesOn } from './case.js'
import { bitsSet, readBytes, shared, StorageContent } from './storage-content.js'

/** What a provider gives for one case. */
export interface StorageBed {
  readonly factory: StorageFactory
  /** Absolute, empty, this case's own. */
  readonly folder: string
  /** Content outlives `close`. */
  readonly persistent: boolean
  /** Where the provider can: from now on no write of this content's last piece succeeds, until what it returns is called. */
  breakWrites?(content: StorageContent): Promise<() => Promise<void>>
  close(): Promise<void>
}

const MOVE: StorageMove = { resumed: false, signal: new AbortController().signal, moved: () => {} }
const BIG = 5 * 2 ** 30

/** Obligations of StorageFactory and TorrentStorage. `setup` is called once a case. */
export function storageCases(setup: () => Promise<StorageBed>): ConformanceCase[] {
  const onBed = casesOn(setup)
  const open = (bed: StorageBed, content: StorageContent): Promise<TorrentStorage> =>
    bed.factory.open(content.spec, new AbortController().signal)
  const onContent = (
    name: string,
    run: (storage: TorrentStorage, content: StorageContent, bed: StorageBed) => Promise<void>,
    make = StorageContent.mixed,
  ): ConformanceCase =>
    onBed(name, async bed => {
      const content = make(bed.folder)
      const storage = await open(bed, content)
      try {
        await run(storage, content, bed)
      } finally {
        await storage.close()
      }
    })

  return [
    onContent('reads back every piece, whole and in part', async (storage, content) => {
      await content.writeAll(storage)
      for (const piece of content.pieces) {
        const whole = content.bytes(piece)
        await content.expectPiece(storage, piece)
        for (const [begin, end] of [
          [0, 1],
          [1, whole.length - 1],
          [whole.length >> 1, whole.length],
        ] as const) {
          const part = await readBytes(storage, piece, begin, end - begin)
          assert(Buffer.from(part).equals(whole.subarray(begin, end)), `piece ${piece} from ${begin} to ${end}`)
        }
      }
    }),

    onContent('writes by `write` as well', async (storage, content) => {
      for (const piece of content.pieces) await storage.write(piece, content.bytes(piece))
      for (const piece of content.pieces) await content.expectPiece(storage, piece)
    }),

    onContent('has its own copy once a write has resolved', async (storage, content) => {
      const data = content.bytes(content.piece(0))
      await storage.write(content.piece(0), data)
      data.fill(0xee)
      await content.expectPiece(storage, content.piece(0))
    }),

    onContent('lets a piece be written again', async (storage, content) => {
      const piece = content.piece(1)
      const other = shared(content.spec.geometry.lengthOf(piece)).fill(3)
      await storage.write(piece, other)
      await content.write(storage, piece)
      await content.expectPiece(storage, piece)
    }),

    onContent('writes nothing where verification fails', async (storage, content) => {
      if (storage.verifyAndWrite === undefined) return
      await content.writeAll(storage)
      const piece = content.piece(2)
      const wrong = shared(content.spec.geometry.lengthOf(piece)).fill(1)
      assert.equal(await storage.verifyAndWrite(piece, wrong, content.digest(piece)), false)
      await content.expectPiece(storage, piece)
    }),

    onContent('checks pieces: right, wrong, absent', async (storage, content) => {
      if (storage.check === undefined) return
      assert.equal(await storage.check(content.piece(3), content.digest(content.piece(3))), false, 'absent')
      await content.writeAll(storage)
      for (const piece of content.pieces) assert.equal(await storage.check(piece, content.digest(piece)), true)
      assert.equal(await storage.check(content.piece(3), content.digest(content.piece(2))), false, 'wrong digest')
      await storage.write(content.piece(3), shared(content.spec.geometry.lengthOf(content.piece(3))))
      assert.equal(await storage.check(content.piece(3), content.digest(content.piece(3))), false, 'overwritten')
    }),

    onContent('knows which pieces could be there', async (storage, content) => {
      const none = await storage.present()
      assert.equal(none.length, (content.pieces.length + 7) >> 3)
      assert.equal(bitsSet(none), 0)
      await content.write(storage, content.piece(0))
      assert.equal((await storage.present())[0]! & 0x80, 0x80)
      await content.writeAll(storage)
      assert.equal(bitsSet(await storage.present()), content.pieces.length)
    }),

    onContent('fails a read of what was never written', async (storage, content) => {
      await assert.rejects(readBytes(storage, content.piece(4), 0, 100))
    }),

    onContent('calls done once, and never inside read', async (storage, content) => {
      await content.writeAll(storage)
      for (const piece of [content.piece(0), content.piece(5)]) {
        let calls = 0
        let inside = true
        await new Promise<void>(resolve => {
          storage.read({
            piece,
            begin: 0,
            into: shared(10),
            done: () => {
              assert.equal(inside, false)
              calls++
              resolve()
            },
          })
          inside = false
        })
        await storage.flush()
        assert.equal(calls, 1)
      }
    }),

    onContent(
      'keeps many writes and reads apart that run at once',
      async (storage, content) => {
        const half = content.pieces.filter(piece => piece % 2 === 0)
        await Promise.all(half.map(piece => content.write(storage, piece)))
        await Promise.all([
          ...content.pieces.filter(piece => piece % 2 === 1).map(piece => content.write(storage, piece)),
          ...half.map(piece => content.expectPiece(storage, piece)),
          ...half.map(piece => content.expectPiece(storage, piece)),
        ])
        await Promise.all(content.pieces.map(piece => content.expectPiece(storage, piece)))
      },
      folder => StorageContent.oneFile(folder, 3_000_001, 16_384),
    ),

    onContent(
      'puts pieces beyond 4 GiB where they belong',
      async (storage, content) => {
        const pieces = [0, 4095, 4096, 4097, content.pieces.length - 1].map(raw => content.piece(raw))
        for (const piece of pieces) await content.write(storage, piece)
        for (const piece of pieces) await content.expectPiece(storage, piece)
      },
      folder => StorageContent.oneFile(folder, BIG - 12_345, 2 ** 20),
    ),

    onContent(
      'spreads a piece over a thousand files',
      async (storage, content) => {
        await content.writeAll(storage)
        for (const piece of content.pieces) await content.expectPiece(storage, piece)
      },
      folder => {
        const files = Array.from({ length: 1000 }, (_, i) => ({
          path: ['many', `d${i % 7}`, `f${i}`],
          length: i % 13,
          padding: false,
        }))
        return new StorageContent(folder, files, 16_384)
      },
    ),

    onContent('flushes, and again with nothing to do', async (storage, content) => {
      await storage.flush()
      await content.writeAll(storage)
      await storage.flush()
      await storage.flush()
      await content.expectPiece(storage, content.piece(0))
    }),

    onContent('finishes what was accepted before close resolves', async (storage, content) => {
      await content.writeAll(storage)
      const ended: string[] = []
      storage.read({ piece: content.piece(0), begin: 0, into: shared(5000), done: () => ended.push('read') })
      void content.write(storage, content.piece(1)).then(() => ended.push('write'))
      await storage.close()
      // What has settled still takes a few turns to be told.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
      assert.deepEqual(ended.sort(), ['read', 'write'])
    }),

    onContent('fails every call after close with ERR_STORAGE_CLOSED', async (storage, content) => {
      await content.writeAll(storage)
      await Promise.all([storage.close(), storage.close()])
      const closed = { code: 'ERR_STORAGE_CLOSED' }
      const piece = content.piece(0)
      await assert.rejects(readBytes(storage, piece, 0, 1), closed)
      await assert.rejects(storage.write(piece, content.bytes(piece)), closed)
      await assert.rejects(storage.present(), closed)
      await assert.rejects(storage.stamp(), closed)
      await assert.rejects(storage.flush(), closed)
      if (storage.verifyAndWrite) {
        await assert.rejects(storage.verifyAndWrite(piece, content.bytes(piece), content.digest(piece)), closed)
      }
      if (storage.check) await assert.rejects(storage.check(piece, content.digest(piece)), closed)
      if (storage.remove) await assert.rejects(storage.remove(), closed)
      if (storage.move) await assert.rejects(storage.move(`${content.spec.folder}/there`, MOVE), closed)
    }),

    onContent('takes every piece, whatever is said to be wanted, and when that changes', async (storage, content) => {
      if (storage.want === undefined) return
      const only = (...wanted: number[]): boolean[] => content.files.map((_, i) => wanted.includes(i))
      await storage.want(only(4))
      await content.write(storage, content.piece(2))
      await content.expectPiece(storage, content.piece(2))
      await storage.want(only())
      await content.write(storage, content.piece(0))
      await content.expectPiece(storage, content.piece(0))
      await storage.want(only(1, 5, 6))
      await content.writeAll(storage)
      for (const piece of content.pieces) await content.expectPiece(storage, piece)
      assert.equal(bitsSet(await storage.present()), content.pieces.length)
      await storage.close()
      await assert.rejects(storage.want(only()), { code: 'ERR_STORAGE_CLOSED' })
    }),

    onContent('has one stamp while nothing is written', async (storage, content) => {
      await content.writeAll(storage)
      await storage.flush()
      assert.equal(await storage.stamp(), await storage.stamp())
    }),

    onContent('forgets content that is removed, and takes it again', async (storage, content) => {
      if (storage.remove === undefined) return
      await content.writeAll(storage)
      await storage.remove()
      assert.equal(bitsSet(await storage.present()), 0)
      await assert.rejects(readBytes(storage, content.piece(0), 0, 10))
      await content.writeAll(storage)
      await content.expectPiece(storage, content.piece(0))
    }),

    onBed('moves content below another folder, and leaves nothing behind', async bed => {
      const content = StorageContent.mixed(bed.folder)
      const before = await open(bed, content)
      if (before.move === undefined || !bed.persistent) return before.close()
      await content.writeAll(before)
      await before.flush()
      let moved = 0
      const folder = `${bed.folder}/else where/there`
      await before.move(folder, { ...MOVE, moved: bytes => (moved += bytes) })
      await before.close()
      assert(moved >= content.files.reduce((sum, file) => sum + (file.padding ? 0 : file.length), 0))
      const here = await open(bed, content)
      assert.equal(bitsSet(await here.present()), 0)
      await here.close()
      const there = StorageContent.mixed(folder)
      const after = await open(bed, there)
      for (const piece of there.pieces) await there.expectPiece(after, piece)
      // Moved by somebody before: what is where it belongs stays there.
      await after.close()
      const again = await open(bed, content)
      await again.move?.(folder, { ...MOVE, resumed: true })
      await again.close()
      const last = await open(bed, there)
      for (const piece of there.pieces) await there.expectPiece(last, piece)
      await last.close()
    }),

    onBed('moves nothing to where something lies, nor under an aborted signal', async bed => {
      const content = StorageContent.mixed(bed.folder)
      const there = StorageContent.mixed(`${bed.folder}/there`)
      const storage = await open(bed, content)
      if (storage.move === undefined || !bed.persistent) return storage.close()
      await content.writeAll(storage)
      await storage.close()
      const taken = await open(bed, there)
      await there.write(taken, there.piece(there.pieces.length - 1))
      await taken.close()
      for (const [how, refusal] of [
        [MOVE, { code: 'ERR_STORAGE_EXISTS', blame: 'operator' }],
        [{ ...MOVE, signal: AbortSignal.abort(new Error('no longer')) }, { message: /no longer|already/ }],
      ] as const) {
        const mover = await open(bed, content)
        await assert.rejects(mover.move?.(there.spec.folder, how) ?? Promise.resolve(), refusal)
        await mover.close()
      }
      const [still, other] = [await open(bed, content), await open(bed, there)]
      for (const piece of content.pieces) await content.expectPiece(still, piece)
      await there.expectPiece(other, there.piece(there.pieces.length - 1))
      assert.equal(bitsSet(await still.present()), content.pieces.length)
      await Promise.all([still.close(), other.close()])
    }),

    onBed('keeps two torrents apart', async bed => {
      const one = new StorageContent(bed.folder, [{ path: ['one'], length: 99_999, padding: false }], 32_768)
      const two = new StorageContent(bed.folder, [{ path: ['two'], length: 77_777, padding: false }], 16_384)
      const [first, second] = await Promise.all([open(bed, one), open(bed, two)])
      await Promise.all([one.writeAll(first), two.writeAll(second)])
      for (const piece of one.pieces) await one.expectPiece(first, piece)
      await first.close()
      for (const piece of two.pieces) await two.expectPiece(second, piece)
      await second.close()
    }),

    onBed('does not open under an aborted signal', async bed => {
      const content = StorageContent.mixed(bed.folder)
      await assert.rejects(bed.factory.open(content.spec, AbortSignal.abort(new Error('no longer'))), /no longer/)
    }),

    onBed('keeps what was written for the next opening', async bed => {
      if (!bed.persistent) return
      const content = StorageContent.mixed(bed.folder)
      const before = await open(bed, content)
      await content.writeAll(before)
      await before.flush()
      const stamp = await before.stamp()
      await before.close()
      const after = await open(bed, content)
      assert.equal(await after.stamp(), stamp)
      assert.equal(bitsSet(await after.present()), content.pieces.length)
      for (const piece of content.pieces) await content.expectPiece(after, piece)
      await after.close()
    }),

    onContent('leaves a piece whose write failed as it was, or unreadable', async (storage, content, bed) => {
      if (bed.breakWrites === undefined) return
      const last = content.piece(content.pieces.length - 1)
      const mend = await bed.breakWrites(content)
      await assert.rejects(content.write(storage, last), { name: 'NodeError', blame: 'operator' })
      await assert.rejects(readBytes(storage, last, 0, content.spec.geometry.lengthOf(last)))
      await mend()
      await content.write(storage, last)
      await content.expectPiece(storage, last)
    }),
  ]
}
