// Whose fault an exception is that came out of no hook: read off its stack.
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The plugin whose own file is nearest in the stack; else the one whose folder is, what it has installed left out. */
export function culprit<P extends { readonly file: string }>(thrown: unknown, plugins: readonly P[]): P | undefined {
  const frames = thrown instanceof Error ? (thrown.stack?.match(/file:\/\/\S+?(?=:\d+:\d+)/g) ?? []) : []
  const owners = frames.map(frame => {
    const around = plugins.filter(({ file }) => {
      const folder = `${pathToFileURL(dirname(file)).href}/`
      return frame.startsWith(folder) && !frame.slice(folder.length).includes('node_modules/')
    })
    const nearest = around.toSorted((a, b) => dirname(b.file).length - dirname(a.file).length)[0]
    return around.find(({ file }) => pathToFileURL(file).href === frame) ?? nearest
  })
  return owners.find(owner => owner !== undefined)
}
