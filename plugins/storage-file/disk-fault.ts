// What can go wrong on a disk, as two small numbers that cross threads cheaply: an outcome and the system's errno.

export const Outcome = {
  Done: 0,
  /** Verified and found wrong. */
  Wrong: 1,
  /** The system refused; errno says why. */
  System: 2,
  /** Fewer bytes than the torrent says, or no file. */
  Short: 3,
  /** A symbolic link where something would be written. */
  Link: 4,
  /** A folder where a file belongs, or something else that is no regular file. */
  NotFile: 5,
  /** Something that is no folder where one belongs. */
  NotFolder: 6,
  /** The thread that had the job is gone. */
  Lost: 7,
} as const
export type Outcome = (typeof Outcome)[keyof typeof Outcome]

export class DiskFault extends Error {
  constructor(
    readonly outcome: Outcome,
    /** Index of the file, or -1. */
    readonly file: number,
    readonly errno = 0,
  ) {
    super(`disk fault ${outcome}, file ${file}, errno ${errno}`)
  }
}

/** Errno of a thrown system error (negative, as libuv has it), or 0. */
export function errnoOf(error: unknown): number {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : 0
}

/** A system error about a file as a fault; faults pass, anything else is a defect and is thrown on. */
export function faultOf(error: unknown, file: number): DiskFault {
  if (error instanceof DiskFault) return error
  const errno = errnoOf(error)
  if (errno === 0) throw error
  return new DiskFault(Outcome.System, file, errno)
}
