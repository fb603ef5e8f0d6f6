// Cycles, and that nothing built on tests; the other directions are oxlint's. It reads the compiled JavaScript, since with TypeScript 7
// the sources would yield no modules at all; .ci/cycles.mjs checks that it saw some.
module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^dist/(core|plugins)/' },
      to: { path: '^dist/test/' },
    },
  ],
  options: { doNotFollow: { path: 'node_modules' } },
}
