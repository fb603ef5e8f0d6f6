import { expect } from 'chai'
import { createRandom } from '../../core/base/random.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import { MemoryStorageFactory } from '../../plugins/storage-memory/memory-storage.js'
import { register } from '../conformance/case.js'
import { StorageContent } from '../conformance/storage-content.js'
import { storageCases } from '../conformance/storage.js'

const open = (factory: MemoryStorageFactory, content: StorageContent): Promise<TorrentStorage> =>
  factory.open(content.spec, new AbortController().signal)

register(
  'storage-memory: contract',
  storageCases(() => {
    const factory = new MemoryStorageFactory(2 ** 24, createRandom(1))
    return Promise.resolve({
      factory,
      folder: '/nowhere',
      persistent: false,
      async breakWrites() {
        const eater = StorageContent.oneFile('/nowhere', 2 ** 24, 2 ** 18)
        const hungry = await open(factory, eater)
        for (const piece of eater.pieces) await hungry.write(piece, eater.bytes(piece))
        return () => hungry.close()
      },
      close: () => Promise.resolve(),
    })
  }),
)

describe('storage-memory', () => {
  it('is full at its limit, and takes more when something went', async () => {
    const factory = new MemoryStorageFactory(100_000, createRandom(1))
    const one = StorageContent.oneFile('/a', 60_000, 65_536)
    const first = await open(factory, one)
    const second = await open(factory, one)
    await one.writeAll(first)
    const error: unknown = await second.write(one.piece(0), one.bytes(one.piece(0))).catch((e: unknown) => e)
    expect(error).to.include({ code: 'ERR_STORAGE_FULL', blame: 'operator' })
    await first.close()
    await one.writeAll(second)
    await one.expectPiece(second, one.piece(0))
  })

  it('gives no two openings one stamp: nothing outlives a close', async () => {
    const factory = new MemoryStorageFactory(100_000, createRandom(1))
    const one = StorageContent.oneFile('/a', 60_000, 65_536)
    const first = await open(factory, one)
    const stamp = await first.stamp()
    await first.close()
    expect(await (await open(factory, one)).stamp()).not.to.equal(stamp)
  })
})
