// What every provider of files must do.
import assert from 'node:assert/strict'
import type { FileSystem } from '../../core/contracts/host.js'
import type { ConformanceCase } from './case.js'
import { finish, type Passing } from './passing.js'
import { refusal } from './refusal.js'

export interface FileSystemUnderTest extends Passing {
  readonly files: FileSystem
  /** Absolute, there, and empty. */
  readonly folder: string
  close(): Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)

export function fileSystemCases(open: () => FileSystemUnderTest | Promise<FileSystemUnderTest>): ConformanceCase[] {
  type Wait = <T>(promise: Promise<T>) => Promise<T>
  const one = (
    name: string,
    run: (files: FileSystem, folder: string, wait: Wait) => Promise<void>,
  ): ConformanceCase => ({
    name,
    async run() {
      const test = await open()
      const wait: Wait = promise => finish(test, promise)
      try {
        await run(test.files, test.folder, wait)
      } finally {
        await wait(test.close())
      }
    },
  })

  return [
    one('writes and reads, replaces whole files, leaves nothing beside them', async (files, folder, wait) => {
      const path = `${folder}/a`
      await wait(files.writeAtomic(path, bytes('a longer text')))
      await wait(files.writeAtomic(path, bytes('short')))
      assert.equal(text(await wait(files.read(path))), 'short')
      await wait(files.writeAtomic(path, bytes('')))
      assert.equal((await wait(files.read(path))).length, 0)
      assert.deepEqual(await wait(files.list(folder)), ['a'])
    }),

    one('writes at once to one file leave one of the texts', async (files, folder, wait) => {
      const path = `${folder}/a`
      const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(1000 + i))
      await wait(Promise.all(texts.map(one => files.writeAtomic(path, bytes(one)))))
      assert.ok(texts.includes(text(await wait(files.read(path)))))
      assert.deepEqual(await wait(files.list(folder)), ['a'])
    }),

    one('appends, making the file where there is none', async (files, folder, wait) => {
      for (const part of ['one', '', 'two']) await wait(files.append(`${folder}/log`, bytes(part)))
      assert.equal(text(await wait(files.read(`${folder}/log`))), 'onetwo')
    }),

    one('says what is there and what is not', async (files, folder, wait) => {
      await wait(files.writeAtomic(`${folder}/f`, bytes('1234')))
      const file = await wait(files.stat(`${folder}/f`))
      assert.ok(file !== null && !file.directory && file.length === 4 && Number.isFinite(file.mtimeMs))
      assert.equal((await wait(files.stat(folder)))?.directory, true)
      assert.equal(await wait(files.stat(`${folder}/none`)), null)
      assert.equal(await wait(files.stat(`${folder}/f/below`)), null)
      assert.deepEqual(await wait(files.list(`${folder}/none`)), [])
    }),

    one('lists names in byte order, walks files only, names with a dot left out', async (files, folder, wait) => {
      await wait(files.makeDir(`${folder}/b/deep/empty`))
      await wait(files.makeDir(`${folder}/.hidden`))
      for (const name of ['z', 'B', '\u00e9', 'b.x', 'b/2', 'b/10', 'b/deep/x', '.dot', '.hidden/y', 'b/.dot']) {
        await wait(files.writeAtomic(`${folder}/${name}`, bytes(name)))
      }
      assert.deepEqual(await wait(files.list(folder)), ['.dot', '.hidden', 'B', 'b', 'b.x', 'z', '\u00e9'])
      const facts = await wait(files.walk(folder))
      assert.deepEqual(
        facts.map(fact => fact.path.join('/')),
        ['B', 'b/10', 'b/2', 'b/deep/x', 'b.x', 'z', '\u00e9'],
      )
      for (const fact of facts) assert.equal(fact.length, bytes(fact.path.join('/')).length)
      const alone = await wait(files.walk(`${folder}/z`))
      assert.deepEqual(
        alone.map(fact => [fact.path.length, fact.length]),
        [[0, 1]],
      )
    }),

    one('renames over what is there, removes what may not be there', async (files, folder, wait) => {
      await wait(files.writeAtomic(`${folder}/new`, bytes('new')))
      await wait(files.writeAtomic(`${folder}/old`, bytes('old')))
      await wait(files.rename(`${folder}/new`, `${folder}/old`))
      assert.equal(text(await wait(files.read(`${folder}/old`))), 'new')
      await wait(files.remove(`${folder}/old`))
      await wait(files.remove(`${folder}/old`))
      assert.deepEqual(await wait(files.list(folder)), [])
      await wait(files.makeDir(`${folder}/d`))
      await wait(files.makeDir(`${folder}/d`))
    }),

    one('blames the operator, with the path, for what is not there', async (files, folder, wait) => {
      const path = `${folder}/none`
      const failing: (() => Promise<unknown>)[] = [
        () => files.read(path),
        () => files.walk(path),
        () => files.rename(path, `${folder}/x`),
      ]
      for (const run of failing) {
        const error = await wait(refusal(run(), 'operator'))
        assert.equal(error.code, 'ERR_FILE_ABSENT')
        assert.ok(error.message.includes(path), error.message)
      }
    }),

    one('locks for one at a time, until released', async (files, folder, wait) => {
      const path = `${folder}/lock`
      const lock = await wait(files.lock(path))
      const error = await wait(refusal(files.lock(path), 'operator'))
      assert.equal(error.code, 'ERR_FILE_LOCKED')
      await wait(lock.release())
      const next = await wait(files.lock(path))
      // A lock released twice is still the next one's.
      await wait(lock.release())
      await wait(refusal(files.lock(path), 'operator'))
      await wait(next.release())
      assert.deepEqual(await wait(files.list(folder)), [])
    }),

    one('gives a lock to one of many that ask at once', async (files, folder, wait) => {
      const asked = await wait(Promise.allSettled(Array.from({ length: 6 }, () => files.lock(`${folder}/lock`))))
      const got = asked.filter(one => one.status === 'fulfilled')
      assert.equal(got.length, 1)
      for (const one of got) await wait(one.value.release())
    }),
  ]
}
