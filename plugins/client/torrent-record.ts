// How a torrent stood when it was last looked at: known without opening it, from its state, and judged by its goal.
import type { PieceGeometry } from '../../core/protocol/geometry.js'
import type { ResumeState } from '../../core/torrent/resume.js'
import type { Standing } from './open-torrent.js'
import { goalReached, type SeedGoal } from './seed-goal.js'

export class TorrentRecord {
  standing: Standing = { have: 0, bytesDone: 0, uploaded: 0, downloaded: 0, seedingMs: 0 }
  /** It has been seeded enough. */
  satisfied = false

  constructor(
    private readonly geometry: PieceGeometry,
    /** All that is wanted is here. */
    public whole: boolean,
    private goal: SeedGoal,
  ) {}

  recall({ flushed, uploaded, downloaded, seedingMs, complete }: ResumeState): void {
    const { pieceCount, pieceLength, totalLength } = this.geometry
    const beyond = flushed.has(pieceCount - 1) ? pieceCount * pieceLength - totalLength : 0
    const bytesDone = flushed.count * pieceLength - beyond
    this.standing = { have: flushed.count, bytesDone, uploaded, downloaded, seedingMs }
    this.whole = complete
    this.judge()
  }

  /** The time it was seeded counts. */
  get timed(): boolean {
    return this.goal.minutes !== undefined
  }

  seedUntil(goal: SeedGoal): void {
    this.goal = goal
    this.satisfied = false
    this.judge()
  }

  /** Wishes changed, or it was looked at: what was seeded enough has to be gone on with where something is missing. */
  rewished(whole: boolean): void {
    this.whole = whole
    if (!whole) this.satisfied = false
    this.judge()
  }

  judge(standing: Standing = this.standing): void {
    this.satisfied ||= this.whole && goalReached(this.goal, standing)
  }
}
