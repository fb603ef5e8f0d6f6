import { expect } from 'chai'
import { Disposers } from '../../../core/base/dispose.js'
import { NodeError } from '../../../core/base/errors.js'

describe('disposers', () => {
  it('release in reverse order, one after the other', async () => {
    const log: string[] = []
    const disposers = new Disposers()
    for (const name of ['a', 'b', 'c']) {
      disposers.add(async () => {
        log.push(`${name} begins`)
        await Promise.resolve()
        log.push(`${name} ends`)
      })
    }
    await disposers.close()
    expect(log).to.deep.equal(['c begins', 'c ends', 'b begins', 'b ends', 'a begins', 'a ends'])
  })

  it('release once', async () => {
    let released = 0
    const disposers = new Disposers()
    disposers.add(() => void released++)
    await disposers.close()
    await disposers.close()
    expect(released).to.equal(1)
  })

  it('release the others when one fails, and pass its error on as it is', async () => {
    const log: string[] = []
    const fault = new Error('stuck')
    const disposers = new Disposers()
    disposers.add(() => void log.push('a'))
    disposers.add(() => Promise.reject(fault))
    disposers.add(() => void log.push('c'))
    let caught: unknown
    await disposers.close().catch((error: unknown) => (caught = error))
    expect(caught).to.equal(fault)
    expect(log).to.deep.equal(['c', 'a'])
  })

  it('name every failure when there are several', async () => {
    const disposers = new Disposers()
    disposers.add(() => {
      throw new Error('first')
    })
    disposers.add(() => Promise.reject(new Error('second')))
    let caught: unknown
    await disposers.close().catch((error: unknown) => (caught = error))
    expect(NodeError.is(caught)).to.equal(true)
    expect(caught).to.include({ code: 'ERR_DISPOSE', message: 'second; first' })
  })

  it('release what a release adds', async () => {
    const log: string[] = []
    const disposers = new Disposers()
    disposers.add(() => {
      log.push('outer')
      disposers.add(() => void log.push('inner'))
    })
    await disposers.close()
    expect(log).to.deep.equal(['outer', 'inner'])
  })
})
