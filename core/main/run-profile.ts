// A command that fills in a built-in profile either runs it or prints it.
import type { ProfileContent } from './built-in-profiles.js'
import type { NodeRun } from './run-node.js'
import type { Shell } from './shell.js'

export async function runOrPrint(
  shell: Shell,
  name: string,
  filledIn: ProfileContent,
  print: boolean,
  run: Omit<NodeRun, 'profile'>,
): Promise<void> {
  const content = literal(filledIn)
  if (print) return shell.result(content, JSON.stringify(content, null, 2))
  const { runNode } = await import('./run-node.js')
  await runNode(shell, {
    ...run,
    profile: { name: `the profile of "shoal ${name}"`, folder: shell.workingDir, content },
  })
}

/** File names may hold what a profile takes for an environment variable. */
function literal(content: ProfileContent): ProfileContent {
  return JSON.parse(JSON.stringify(content).replaceAll('${', () => '$${')) as ProfileContent
}
