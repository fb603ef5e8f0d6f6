import assert from 'node:assert/strict'
import { NodeError, type Blame } from '../../core/base/errors.js'

/** The promise must reject with a NodeError that blames whom it should; gives the error for further questions. */
export async function refusal(promise: Promise<unknown>, blame: Blame): Promise<NodeError> {
  let reason: unknown
  try {
    await promise
  } catch (error) {
    reason = error
  }
  assert.ok(NodeError.is(reason), `expected a NodeError, got ${String(reason)}`)
  assert.equal(reason.blame, blame, `${reason.code} blames ${reason.blame}: ${reason.message}`)
  return reason
}
