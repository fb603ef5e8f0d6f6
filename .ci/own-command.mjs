// Puts this package's own command where `npx shoal` looks first in a checkout: npm links the commands of dependencies
// there, and not the package's own.
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const at = path => fileURLToPath(new URL(path, import.meta.url))
const command = at('../dist/core/main/cli.js')
const link = at('../node_modules/.bin/shoal')

await mkdir(at('../node_modules/.bin'), { recursive: true })
await chmod(command, 0o755)
await rm(link, { force: true })
if (process.platform === 'win32') await writeFile(`${link}.cmd`, `@node "${command}" %*\r\n`)
else await symlink('../../dist/core/main/cli.js', link)
