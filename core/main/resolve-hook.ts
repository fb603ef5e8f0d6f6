// Runs in the thread in which Node resolves imports: a plugin that lies beside a profile, with no node_modules of its
// own, can import "shoal/plugin" all the same, and gets the copy that is running.

let modules: Readonly<Record<string, string>> = {}

export function initialize(data: Readonly<Record<string, string>>): void {
  modules = data
}

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}

export function resolve(
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Promise<Resolved>,
): Resolved | Promise<Resolved> {
  const url = Object.hasOwn(modules, specifier) ? modules[specifier] : undefined
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
}
