// A micro benchmark: a name, and a function to call again and again. Figures are for comparing, on one machine.
export interface Bench {
  readonly name: string
  /** Called once; gives what is measured, and optionally what else came out. */
  prepare(): { readonly run: () => void; readonly facts?: () => Readonly<Record<string, number>> }
}
