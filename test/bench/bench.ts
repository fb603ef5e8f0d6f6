// What `npm run bench` measures. Figures are for comparing, on one machine.

/** A micro benchmark: a name, and a function to call again and again. */
export interface Bench {
  readonly name: string
  /** Takes long to prepare: left out of a quick round. */
  readonly long?: boolean
  /** What one call handles; time and rate are told for each of these. */
  readonly each?: number
  readonly bytes?: number
  /** Called once; gives what is measured, and optionally what else came out. */
  prepare(): { readonly run: () => void; readonly facts?: () => Facts }
}

/** Something larger, measured as a whole in its own manner. */
export interface Trial {
  readonly name: string
  /** Where alone it can be measured. */
  readonly only?: NodeJS.Platform
  measure(wish: Wish): Promise<Facts>
}

export type Facts = Readonly<Record<string, number>>

export interface Wish {
  readonly quick: boolean
  /** How much is transferred. */
  readonly mib: number
}
