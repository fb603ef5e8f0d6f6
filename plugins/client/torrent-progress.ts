// How far the hashing or the moving of a torrent's content is.
import type { CheckWatch } from './open-torrent.js'

export class TorrentProgress {
  /** null: neither is under way. */
  now: { readonly done: number; readonly of: number } | null = null

  begin(of: number): void {
    this.now = { done: 0, of }
  }

  end(): void {
    this.now = null
  }

  watch(signal: AbortSignal): CheckWatch {
    return {
      signal,
      moved: bytes => {
        if (this.now !== null) this.now = { ...this.now, done: this.now.done + bytes }
      },
      checked: (done, of) => {
        this.now = { done, of }
      },
    }
  }
}
