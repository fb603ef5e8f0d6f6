import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { root } from './tree.js'

/** Runs the check of `npm run lint:cycles`. */
function cycles(dist: string, least: number): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, '.ci/cycles.mjs'), dist, String(least)], {
    cwd: root,
    encoding: 'utf8',
  })
  return { code: status, said: stdout + stderr }
}

describe('import cycles', function () {
  this.timeout(30_000)

  it('there are none in the compiled tree, which was looked at', () => {
    const { code, said } = cycles('dist', 50)
    expect(said).to.match(/^\d{2,} modules, 0 faults\n$/)
    expect(code).to.equal(0)
  })

  it('are found where there are some, and nothing to look at is a fault too', () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-cycles-'))
    try {
      expect(cycles(folder, 1).code).to.equal(1)
      writeFileSync(join(folder, 'a.mjs'), `import './b.mjs'\nexport const a = 1\n`)
      writeFileSync(join(folder, 'b.mjs'), `import './a.mjs'\nexport const b = 1\n`)
      const { code, said } = cycles(folder, 2)
      expect(said).to.contain('no-cycle').and.contain('2 modules')
      expect(code).to.equal(1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
