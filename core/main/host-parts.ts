// Parts of host-node for commands that start no node: found by path at run time, so that core imports no plugin.
import type { FileSystem, HashPool } from '../contracts/host.js'
import type { PathPlatform } from '../protocol/safe-path.js'

export async function machineFiles(): Promise<FileSystem> {
  const part = (await import(at('file-system.js'))) as { readonly NodeFileSystem: new () => FileSystem }
  return new part.NodeFileSystem()
}

/** Hashes on all cores, this thread's too unless it has to read. */
export async function machineHashing(
  options: { readonly callerHelps?: boolean } = {},
): Promise<HashPool & { close(): Promise<void> }> {
  const part = (await import(at('hash-pool.js'))) as {
    createHashPool(options: { readonly callerHelps?: boolean }): HashPool & { close(): Promise<void> }
  }
  return part.createHashPool(options)
}

/** By whose rules files are named here. */
export const pathPlatform: PathPlatform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'posix'

function at(file: string): string {
  return new URL(`../../plugins/host-node/${file}`, import.meta.url).href
}
