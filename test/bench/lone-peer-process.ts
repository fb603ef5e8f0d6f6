import { fileURLToPath } from 'node:url'
import { Child } from './child.js'

/** Serves a file, with no check of any info-hash, at a port it tells; tells of each link when that is closed. */
export interface LoneSeedPlan {
  readonly role: 'seed'
  readonly path: string
  readonly pieceLength: number
}

/** Asks for each block once, and compares one in sixteen with the file. */
export interface LoneLeechPlan {
  readonly role: 'leech'
  readonly path: string
  readonly pieceLength: number
  readonly port: number
  readonly infoHash: string
  readonly bytes: number
  readonly pipeline: number
}

export type LonePlan = LoneSeedPlan | LoneLeechPlan

const program = fileURLToPath(new URL('./lone-peer.js', import.meta.url))

export function lonePeer(plan: LonePlan): Child {
  return Child.start({ words: [process.execPath, program, JSON.stringify(plan)] }, { listening: true })
}
