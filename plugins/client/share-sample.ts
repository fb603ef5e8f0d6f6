// What a first run shares, so that there is something to download: a text and a file large enough to watch.
import { createRandom } from '../../core/base/random.js'
import type { FileSystem } from '../../core/contracts/host.js'

const TEXT = `Welcome to Shoal.

This folder is shared: every file or folder in it becomes a torrent and is seeded by the node that
runs beside it. Put your own here and start the node again.
`
const SAMPLE_BYTES = 4 << 20

export async function writeSample(files: FileSystem, folder: string): Promise<void> {
  const sample = `${folder}/shoal-sample`
  await files.makeDir(sample)
  const waves = new Uint8Array(SAMPLE_BYTES)
  createRandom(1851).fill(waves)
  await files.writeAtomic(`${sample}/waves.bin`, waves, { forOthers: true })
  await files.writeAtomic(`${sample}/welcome.txt`, new TextEncoder().encode(TEXT), { forOthers: true })
}
