// Import cycles in the compiled tree: node .ci/cycles.mjs [DIST [LEAST]]. Fails as well when it saw fewer modules than
// LEAST, since a check that looked at nothing finds nothing.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { cruise } from 'dependency-cruiser'

const root = fileURLToPath(new URL('..', import.meta.url))
const [dist = 'dist', least = '50'] = process.argv.slice(2)
const ruleSet = createRequire(import.meta.url)(`${root}.dependency-cruiser.cjs`)

const { output } = await cruise([dist], { ...ruleSet.options, validate: true, ruleSet })
const { violations } = output.summary
const own = output.modules.filter(module => module.source.endsWith('.js') && module.source.startsWith(dist)).length
for (const { rule, from, to, cycle } of violations) {
  console.error(`${rule.name}: ${from} -> ${cycle === undefined ? to : cycle.map(step => step.name).join(' -> ')}`)
}
console.log(`${own} modules, ${violations.length} faults`)
if (own < Number(least)) {
  console.error(`expected at least ${least} modules in ${dist}: was it built?`)
  process.exitCode = 1
}
if (violations.length > 0) process.exitCode = 1
