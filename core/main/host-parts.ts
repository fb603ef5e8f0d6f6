// Parts of host-node for commands that start no node: found by path at run time, so that core imports no plugin.
import type { FileSystem, HashPool } from '../contracts/host.js'
import type { PathPlatform } from '../protocol/safe-path.js'

export async function machineFiles(): Promise<FileSystem> {
  const part = (await import(at('file-system.js'))) as { readonly NodeFileSystem: new () => FileSystem }
  return new part.NodeFileSystem()
}

export interface MachineHashing extends HashPool {
  /**
   * A byte a piece of the content that these files make, laid end to end (without a path: zeros that are not stored): 1
   * where it has its digest. `progress` gets bytes as they are done.
   */
  check(
    files: readonly { readonly path: string; readonly length: number }[],
    pieceLength: number,
    digests: Uint8Array,
    progress: (bytes: number) => void,
  ): Promise<Uint8Array>
}

/** Hashes on all cores, this thread's too. */
export async function machineHashing(): Promise<MachineHashing> {
  const part = (await import(at('hash-pool.js'))) as {
    createHashPool(options: { readonly callerHelps: boolean }): MachineHashing
  }
  return part.createHashPool({ callerHelps: true })
}

/** By whose rules files are named here. */
export const pathPlatform: PathPlatform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'posix'

function at(file: string): string {
  return new URL(`../../plugins/host-node/${file}`, import.meta.url).href
}
