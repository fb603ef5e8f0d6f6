// A conformance case is a name and something to run; it fails by throwing. Free of any test runner, so that a third
// party can use the suites under mocha, node:test or vitest.

export interface ConformanceCase {
  readonly name: string
  run(): void | Promise<void>
}

/** Makes cases each of which opens what it tries, and closes that whatever comes of it. */
export function casesOn<T extends { close?(): Promise<void> }>(open: () => T | Promise<T>) {
  return (name: string, run: (opened: T) => void | Promise<void>): ConformanceCase => ({
    name,
    async run() {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close?.()
      }
    },
  })
}

/** Registers a suite with whatever `describe` and `it` the runner put into the global scope. */
export function register(title: string, cases: readonly ConformanceCase[]): void {
  const runner = globalThis as {
    describe?: (title: string, body: () => void) => void
    it?: (title: string, body: () => void | Promise<void>) => void
  }
  const { describe, it } = runner
  if (describe === undefined || it === undefined) {
    throw new Error(
      'register() needs global describe and it (mocha, or vitest with globals); or run each case yourself',
    )
  }
  describe(title, () => {
    for (const one of cases) it(one.name, () => one.run())
  })
}
