/**
 * An answer that comes after the call returned, without a promise: a store on the far side of a network. `settle` is
 * called once by whoever got the Later; it calls `done` once, with the result or with a text saying why there is none,
 * and never inside `settle` itself.
 */
export interface Later<T> {
  settle(done: (result: T | string) => void): void
}
