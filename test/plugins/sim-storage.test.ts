import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { NodeError } from '../../core/base/errors.js'
import type { StorageFile, StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import { pieceGeometry } from '../../core/protocol/geometry.js'
import { infoHashOf } from '../../core/protocol/ids.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import { fillContent } from '../../core/sim/content.js'
import type { SimNode } from '../../core/sim/node.js'
import { World } from '../../core/sim/world.js'
import { register } from '../conformance/case.js'
import { storageCases } from '../conformance/storage.js'
import { inWorld } from '../swarms/in-world.js'
import { HashingStorage, SimStorage, SimStorageFactory } from '../../plugins/sim-storage/sim-storage.js'

const geometry = pieceGeometry(250, 100)

function spec(): StorageSpec {
  const infoHash = infoHashOf(new Uint8Array(20))
  if (infoHash === null) throw new Error('no info-hash')
  const file = (name: string, length: number, padding = false): StorageFile => ({ path: ['t', name], length, padding })
  return { folder: '/in', infoHash, geometry, files: [file('a', 130), file('pad', 20, true), file('b', 100)] }
}

function piece(i: number): PieceIndex {
  const index = geometry.piece(i)
  if (index === -1) throw new Error(`no piece ${i}`)
  return index
}

/** The right bytes of a piece: content, with zeros where the padding is. */
function bytesOf(i: number): Uint8Array {
  const whole = new Uint8Array(250)
  fillContent(1, 0, whole)
  whole.fill(0, 130, 150)
  return whole.slice(i * 100, Math.min(250, i * 100 + 100))
}

function read(world: World, storage: TorrentStorage, i: number): Promise<Uint8Array | string> {
  return world.until(
    new Promise(resolve => {
      const into = new Uint8Array(geometry.lengthOf(piece(i)))
      let inside = true
      storage.read({
        piece: piece(i),
        begin: 0,
        into,
        done: error => {
          expect(inside).to.equal(false)
          resolve(error === null ? into : error.code)
        },
      })
      inside = false
    }),
  )
}

function setUp(): { readonly world: World; readonly machine: SimNode } {
  const world = new World(1)
  return { world, machine: world.node('a') }
}

for (const hashing of [true, false]) {
  const world = new World(1)
  const cases = storageCases(() => {
    const machine = world.node(`machine ${world.nodes.length}`)
    return Promise.resolve({
      factory: new SimStorageFactory(machine, { hashing }),
      folder: '/content',
      persistent: true,
      breakWrites() {
        machine.disk.full = true
        return Promise.resolve(() => {
          machine.disk.full = false
          return Promise.resolve()
        })
      },
      close() {
        expect(machine.inUse()).to.deep.equal([])
        return Promise.resolve()
      },
    })
  })
  register(`sim-storage with${hashing ? '' : 'out'} hashing: contract`, inWorld(world, cases))
}

describe('sim-storage', () => {
  it('lays pieces over files, and padding nowhere', async () => {
    const { world, machine } = setUp()
    const storage = new SimStorage(machine, spec())
    for (const i of [1, 0, 2]) await world.until(storage.write(piece(i), bytesOf(i)))
    for (const i of [0, 1, 2]) expect(await read(world, storage, i)).to.deep.equal(bytesOf(i))
    expect(machine.disk.list('/in/t')).to.deep.equal(['a', 'b'])
    expect(machine.disk.file('/in/t/a')?.length).to.equal(130)
    expect(machine.disk.file('/in/t/b')?.length).to.equal(100)
  })

  it('finds again what was written, and judges by lengths what could be there', async () => {
    const { world, machine } = setUp()
    const first = new SimStorage(machine, spec())
    await world.until(first.write(piece(0), bytesOf(0)))
    const stamp = await world.until(first.stamp())
    await world.until(first.close())
    expect(machine.inUse()).to.deep.equal([])
    const again = new HashingStorage(machine, spec())
    expect(await world.until(again.stamp())).to.equal(stamp)
    expect([...(await world.until(again.present()))]).to.deep.equal([0x80])
    expect(await read(world, again, 0)).to.deep.equal(bytesOf(0))
    expect(await read(world, again, 1)).to.equal('ERR_STORAGE_MISSING')
    await world.until(again.remove())
    expect(machine.disk.list('/in')).to.deep.equal([])
  })

  it('hashes, and writes only what is right', async () => {
    const { world, machine } = setUp()
    const storage = new HashingStorage(machine, spec())
    const digest = createHash('sha1').update(bytesOf(1)).digest()
    expect(await world.until(storage.verifyAndWrite(piece(1), bytesOf(0), digest))).to.equal(false)
    expect(machine.disk.list('/in/t')).to.deep.equal([])
    expect(await world.until(storage.check(piece(1), digest))).to.equal(false)
    expect(await world.until(storage.verifyAndWrite(piece(1), bytesOf(1), digest))).to.equal(true)
    expect(await world.until(storage.check(piece(1), digest))).to.equal(true)
  })

  it('finishes what it accepted before it closes, and refuses everything afterwards', async () => {
    const { world, machine } = setUp()
    const storage = new SimStorage(machine, spec())
    let written = false
    void storage.write(piece(0), bytesOf(0)).then(() => (written = true))
    const closing = storage.close()
    expect(storage.close()).to.equal(closing)
    await world.until(closing)
    expect(written).to.equal(true)
    expect(await read(world, storage, 0)).to.equal('ERR_STORAGE_CLOSED')
    const refused: unknown = await storage.flush().catch((error: unknown) => error)
    expect(NodeError.is(refused) && refused.code).to.equal('ERR_STORAGE_CLOSED')
  })
})
