// The ways in which a UDP tracker reads and writes, and whether this machine has them.
import { BatchedDatagrams } from '../../core/contracts/index.js'
import { startNode } from '../../core/main/node.js'

export type TrackerIo = 'dgram' | 'mmsg'

export const everyIo: readonly TrackerIo[] = ['dgram', 'mmsg']

/** Why this machine cannot, or null. */
export async function unusableIo(io: TrackerIo): Promise<string | null> {
  if (io === 'dgram') return null
  const content = { node: { name: 'test' }, plugins: [{ use: 'builtin:host-node' }, { use: 'builtin:datagrams-mmsg' }] }
  const node = await startNode({ name: 'batched datagrams alone', folder: '/', content }, { log: 'silent' })
  try {
    return node.find(BatchedDatagrams)?.unusable ?? null
  } finally {
    await node.stop()
  }
}
