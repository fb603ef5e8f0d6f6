import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, symlink, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { NodeFileSystem } from '../../plugins/host-node/file-system.js'
import { register } from '../conformance/case.js'
import { fileSystemCases } from '../conformance/file-system.js'
import { refusal } from '../conformance/refusal.js'
import { passing } from './waiting.js'

register(
  'host-node files',
  fileSystemCases(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-files-'))
    return { files: new NodeFileSystem(), folder, ...passing, close: () => rm(folder, { recursive: true }) }
  }),
)

describe('host-node files', () => {
  const files = new NodeFileSystem()
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shoal-files-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('keeps what it writes to its owner but what is for others, and folders open to read', async () => {
    await files.writeAtomic(join(folder, 'a'), Uint8Array.of(1))
    await files.writeAtomic(join(folder, 'open'), Uint8Array.of(1), { forOthers: true })
    expect((await stat(join(folder, 'open'))).mode & 0o777).to.equal(0o666 & ~process.umask())
    await files.append(join(folder, 'b'), Uint8Array.of(1))
    await files.makeDir(join(folder, 'c/d'))
    expect((await stat(join(folder, 'a'))).mode & 0o777).to.equal(0o600)
    expect((await stat(join(folder, 'b'))).mode & 0o777).to.equal(0o600)
    expect((await stat(join(folder, 'c/d'))).mode & 0o777).to.equal(0o755 & ~process.umask())
  })

  it('leaves the old file and no other where writing fails', async () => {
    await mkdir(join(folder, 'a'))
    await writeFile(join(folder, 'a/x'), 'kept')
    const error = await refusal(files.writeAtomic(join(folder, 'a'), Uint8Array.of(1)), 'operator')
    expect(error.message).to.include(join(folder, 'a'))
    expect(await readdir(folder)).to.deep.equal(['a'])
  })

  it('says when a part of a path is a file', async () => {
    await writeFile(join(folder, 'a'), 'x')
    const error = await refusal(files.makeDir(join(folder, 'a/b')), 'operator')
    expect(error.message).to.match(/a\/b: a part of this path is not a folder$/)
  })

  it('reads regular files only, and does not hang on a pipe [needs mkfifo]', async function () {
    const made = await once(
      spawn('mkfifo', [join(folder, 'pipe')]).on('error', () => undefined),
      'close',
    ).catch(() => [1])
    if (made[0] !== 0) this.skip()
    for (const path of [folder, join(folder, 'pipe'), '/dev/zero']) {
      expect((await refusal(files.read(path), 'operator')).code).to.equal('ERR_FILE_KIND')
    }
  })

  it('follows no link when it walks, but the one that it is given', async () => {
    await mkdir(join(folder, 'real/deep'), { recursive: true })
    await writeFile(join(folder, 'real/deep/f'), '1')
    await symlink('/etc', join(folder, 'real/etc'))
    await symlink('/etc/passwd', join(folder, 'real/passwd'))
    await symlink(join(folder, 'real'), join(folder, 'link'))
    expect((await files.walk(join(folder, 'link'))).map(fact => fact.path.join('/'))).to.deep.equal(['deep/f'])
  })

  it('refuses a name that is not UTF-8 rather than leaving the file out', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/x`), Buffer.of(0xff)]), '1')
    expect((await refusal(files.walk(folder), 'operator')).code).to.equal('ERR_FILE_NAME')
  })

  it('takes over the lock of a process that died, and names one that lives', async () => {
    const path = join(folder, 'lock')
    const module = new URL('../../plugins/host-node/file-lock.js', import.meta.url).href
    const script = `import { lockFile } from ${JSON.stringify(module)}
      await lockFile(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const error = await refusal(files.lock(path), 'operator')
    expect(error.code).to.equal('ERR_FILE_LOCKED')
    expect(error.message).to.include(`process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const taken = await Promise.allSettled([files.lock(path), files.lock(path), files.lock(path)])
    expect(taken.filter(one => one.status === 'fulfilled')).to.have.length(1)
    for (const one of taken) if (one.status === 'fulfilled') await one.value.release()
    expect(await readdir(folder)).to.deep.equal([])
  })

  it('takes over a lock whose number another process has now, and one that a power cut emptied', async () => {
    const path = join(folder, 'lock')
    for (const text of [JSON.stringify({ pid: process.pid, start: '1' }), '', '{"pid":"x"}']) {
      await writeFile(path, text)
      await (await files.lock(path)).release()
    }
  })
})
