// A disk that fails, made by strace: system calls of a child process are answered with errors.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { FileBed } from './storage-file-bed.js'

const CHILD = fileURLToPath(new URL('./storage-file-child.js', import.meta.url))
const traceable = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0

describe(`storage-file: a failing disk${traceable ? '' : ' [needs strace]'}`, () => {
  let bed: FileBed
  before(function () {
    if (!traceable) this.skip()
  })
  beforeEach(() => (bed = new FileBed()))
  afterEach(() => bed.close())

  /** Runs steps while calls on the content's file are tampered with as `inject` says; the calls made, and how steps ended. */
  function run(inject: string, steps: string): { ended: string[]; calls: string[] } {
    const file = bed.at('single.bin')
    const log = path.join(bed.top, 'strace.log')
    const child = spawnSync(
      'strace',
      ['-f', '-P', file, '-e', 'trace=pwrite64,pread64,fsync', '-e', `inject=${inject}`, '-o', log].concat(
        [process.execPath, CHILD, bed.folder],
        steps.split(' '),
      ),
      { encoding: 'utf8', env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
    )
    expect(child.status, child.stderr).to.equal(0)
    const ended = JSON.parse(child.stdout) as Record<string, string>
    return {
      ended: Object.values(ended).map(text => text.replace(file, 'FILE')),
      calls: fs.readFileSync(log, 'utf8').match(/(pwrite64|pread64|fsync)\(.*/g) ?? [],
    }
  }

  it('says that it is full, takes the piece when there is room, and keeps the others readable', () => {
    const { ended } = run('pwrite64:error=ENOSPC:when=3', 'w0 w1 w2 r2 c2 r1 w2 r2 f')
    expect(ended[2]).to.match(/^ERR_STORAGE_FULL: writing FILE: no space left on device \(ENOSPC\); make room/)
    expect(ended[3]).to.match(/^ERR_STORAGE_MISSING: piece 2 /)
    expect(ended.slice(4)).to.deep.equal(['false', 'ok', 'ok', 'ok', 'ok'])
  })

  it('names the file and the error when a write fails', () => {
    const { ended } = run('pwrite64:error=EIO:when=1', 'w0 r0 w1 r1')
    expect(ended[0]).to.match(/^ERR_STORAGE_IO: writing FILE: i\/o error \(EIO\)/)
    expect(ended[1]).to.match(/^ERR_STORAGE_MISSING/)
    expect(ended.slice(2)).to.deep.equal(['ok', 'ok'])
  })

  it('calls a disk that may not be written a matter of permission', () => {
    expect(run('pwrite64:error=EROFS:when=1', 'w0').ended[0]).to.match(/^ERR_STORAGE_PERMISSION: .*\(EROFS\)/)
    expect(run('pwrite64:error=EDQUOT:when=1', 'w0').ended[0]).to.match(/^ERR_STORAGE_FULL: .*\(EDQUOT\)/)
  })

  it('completes a short write by another one', () => {
    const { ended, calls } = run('pwrite64:retval=40000:when=1', 'w0 w1')
    expect(ended).to.deep.equal(['ok', 'ok'])
    // The first call was answered without being made: what counts is what the second asked for.
    expect(calls[0]).to.match(/, 65536, 0\) = 40000/)
    expect(calls[1]).to.match(/, 25536, 40000\) = 25536/)
    expect(calls).to.have.length(3)
  })

  it('fails the read that fails, and no other', () => {
    const { ended } = run('pread64:error=EIO:when=1', 'w0 w1 r0 r0 r1')
    expect(ended[2]).to.match(/^ERR_STORAGE_IO: reading FILE: i\/o error \(EIO\)/)
    expect(ended.slice(3)).to.deep.equal(['ok', 'ok'])
    expect(run('pread64:error=EIO:when=1', 'w0 c0 c0').ended).to.deep.equal(['ok', 'false', 'true'])
  })

  it('never calls durable what a failed fsync has lost', () => {
    const { ended } = run('fsync:error=EIO:when=1', 'w0 f f w1 f r0')
    for (const i of [1, 2, 4]) expect(ended[i]).to.match(/^ERR_STORAGE_IO: syncing FILE: i\/o error \(EIO\)/)
    expect([ended[0], ended[3], ended[5]]).to.deep.equal(['ok', 'ok', 'ok'])
  })

  it('syncs what was written, and nothing when nothing was', () => {
    const { ended, calls } = run('pwrite64:delay_exit=1', 'f w0 f f w1 w2 f')
    expect(ended.every(text => text === 'ok')).to.equal(true)
    expect(calls.map(call => call.slice(0, 5)).join(' ')).to.equal('pwrit fsync pwrit pwrit fsync')
  })
})
