// What an announce says, however it came: filled by the readers of UDP packets and HTTP queries, again and again into
// the same object. The tracker's own request shape is a superset, so a reader fills that directly.

export interface AnnounceFields {
  /** 20 bytes, written in place. */
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  /** Numbered as in BEP 15: none, completed, started, stopped; and 4 for the paused of BEP 21. */
  event: 0 | 1 | 2 | 3 | 4
  left: number
  uploaded: number
  downloaded: number
  /** Negative: the tracker's default. */
  numWant: number
  key: number
  /** 1 to 65535. */
  port: number
  /** BEP 41, views joined; null where there is none. */
  urlData: Uint8Array | null
}

export function emptyAnnounce(): AnnounceFields {
  return {
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20),
    event: 0,
    left: 0,
    uploaded: 0,
    downloaded: 0,
    numWant: -1,
    key: 0,
    port: 0,
    urlData: null,
  }
}
