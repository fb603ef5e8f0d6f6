import { NodeError } from '../../core/base/errors.js'

/** The code of the error that a promise rejects with; "nothing" where it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return NodeError.is(error) ? error.code : String(error)
  }
  return 'nothing'
}
