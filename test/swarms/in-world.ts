// Runs the cases of a conformance suite in a world: virtual time passes until each is settled.
import type { World } from '../../core/sim/world.js'
import type { ConformanceCase } from '../conformance/case.js'

export function inWorld(world: World, cases: readonly ConformanceCase[]): readonly ConformanceCase[] {
  return cases.map(one => ({ name: one.name, run: () => world.until(Promise.resolve(one.run())) }))
}
