import { expect } from 'chai'
import { unlessAborted } from '../../../core/base/abort.js'

const reason = (): Error => new Error('cut')
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: Error) => error.message)

describe('unlessAborted', () => {
  it('gives what the work gives', async () => {
    const { signal } = new AbortController()
    expect(await unlessAborted(Promise.resolve(1), signal, reason)).to.equal(1)
    expect(await outcome(unlessAborted(Promise.reject(new Error('failed')), signal, reason))).to.equal('failed')
  })

  it('ends with the signal, before and during the work, whatever that does afterwards', async () => {
    const controller = new AbortController()
    let fail: (error: Error) => void = () => {}
    const work = new Promise((_, reject) => (fail = reject))
    const ended = outcome(unlessAborted(work, controller.signal, reason))
    controller.abort()
    expect(await ended).to.equal('cut')
    expect(await outcome(unlessAborted(work, controller.signal, reason))).to.equal('cut')
    fail(new Error('too late'))
    await outcome(work)
  })
})
