// Tokens name what plugins give each other. They are plain data, so that a manifest can be checked before any code of
// the plugin runs; the phantom field carries the type of what is provided.

/** How many providers a node may have: exactly one, any number in profile order, or any number by name. */
export type Cardinality = 'one' | 'many' | 'named'

declare const carries: unique symbol

export interface Token<T, C extends Cardinality = Cardinality> {
  readonly id: string
  /** `Symbol.for`, so that two copies of the package in one process agree. */
  readonly key: symbol
  readonly cardinality: C
  readonly [carries]?: T
}

export type AnyToken = Token<unknown>
export type Carried<K> = K extends Token<infer T> ? T : never

function make<T, C extends Cardinality>(id: string, cardinality: C): Token<T, C> {
  return Object.freeze({ id, key: Symbol.for(`shoal:${id}`), cardinality })
}

export const token = {
  one: <T>(id: string): Token<T, 'one'> => make<T, 'one'>(id, 'one'),
  many: <T>(id: string): Token<T, 'many'> => make<T, 'many'>(id, 'many'),
  named: <T>(id: string): Token<T, 'named'> => make<T, 'named'>(id, 'named'),
}
