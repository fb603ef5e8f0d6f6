// What crosses between the main thread and those that do the work: jobs on pieces as rows of 32-bit numbers, many in
// one message; the rare rest as plain objects.
import type { ContentSpec } from './disk-content.js'

export const Op = { Read: 0, Write: 1, VerifyAndWrite: 2, Check: 3 } as const
export type Op = (typeof Op)[keyof typeof Op]

/** Columns of a job. The digest takes five, as it lies in memory. */
export const Job = { Op: 0, Id: 1, Torrent: 2, Buffer: 3, Offset: 4, Length: 5, Piece: 6, Begin: 7, Digest: 8 } as const
export const JOB_WIDTH = 13
/** Columns of an answer. */
export const Answer = { Id: 0, Outcome: 1, File: 2, Errno: 3 } as const
export const ANSWER_WIDTH = 4

/** Told once, so that jobs can name it by number. */
export type Notice =
  | { readonly tell: 'torrent'; readonly torrent: number; readonly spec: ContentSpec }
  | { readonly tell: 'buffer'; readonly buffer: number; readonly memory: SharedArrayBuffer }
  | { readonly tell: 'drop-buffer'; readonly buffer: number }

/** Asked of a whole torrent. `forget` closes its files and drops it. */
export interface Question {
  readonly ask: 'inspect' | 'present' | 'stamp' | 'make' | 'remove' | 'forget'
  readonly id: number
  readonly torrent: number
  /** Of `make`: files without bytes that are to be there. */
  readonly files?: readonly number[]
}

export interface Reply {
  readonly id: number
  readonly value: Uint8Array | string | null
}

export type ToThread = Int32Array | Notice | Question
/** Failed questions are answered by a row, as jobs are. */
export type FromThread = Int32Array | Reply

export function digestColumns(rows: Int32Array, row: number): Uint8Array {
  return new Uint8Array(rows.buffer, rows.byteOffset + (row * JOB_WIDTH + Job.Digest) * 4, 20)
}
