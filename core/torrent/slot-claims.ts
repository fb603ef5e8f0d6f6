// Who of a node's torrents may take memory for a further piece when there is not enough for all: the one that has least,
// and of equals the one that has waited longest. Without this a torrent that gives memory back takes it again at once,
// and others, which look once a second, starve until it is done.

export class Claim {
  /** Memory held, in bytes. */
  held = 0
  /** It asked in vain since its last tick. */
  hungry = false
  /** When it was last given some, counted in givings. */
  served = 0
}

export class SlotClaims {
  private readonly claims = new Set<Claim>()
  private givings = 0

  open(): Claim {
    const claim = new Claim()
    this.claims.add(claim)
    return claim
  }

  close(claim: Claim): void {
    this.claims.delete(claim)
  }

  /** False: another waits that is to have it first. */
  mayTake(claim: Claim): boolean {
    for (const other of this.claims) {
      if (other === claim || !other.hungry) continue
      if (other.held < claim.held || (other.held === claim.held && other.served < claim.served)) return false
    }
    return true
  }

  given(claim: Claim, bytes: number): void {
    claim.held += bytes
    claim.served = ++this.givings
    claim.hungry = false
  }
}
