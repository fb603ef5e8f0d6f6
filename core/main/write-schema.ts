// The last step of the build: config/profile.schema.json, for the editors of people who write profiles.
import { readFile, writeFile } from 'node:fs/promises'
import { builtInSchema } from './built-ins.js'
import { PACKAGE } from './host.js'

const file = new URL('config/profile.schema.json', PACKAGE)
const text = `${JSON.stringify(await builtInSchema(), null, 2)}\n`
if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text)
