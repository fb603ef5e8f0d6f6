// Twenty-byte names. Branded, so that an info-hash cannot be handed over as a peer id.

declare const brand: unique symbol

/** SHA-1 of the raw bytes of a torrent's info dictionary (BEP 3). */
export type InfoHash = Uint8Array & { readonly [brand]: 'info-hash' }
/** What a peer calls itself (BEP 20 gives the customary form). */
export type PeerId = Uint8Array & { readonly [brand]: 'peer-id' }
/** A valid piece index of one torrent; minted only by PieceGeometry. */
export type PieceIndex = number & { readonly [brand]: 'piece' }

/** null unless it has 20 bytes. The bytes are taken as they are, not copied. */
export function infoHashOf(bytes: Uint8Array): InfoHash | null {
  return bytes.length === 20 ? (bytes as InfoHash) : null
}

export function peerIdOf(bytes: Uint8Array): PeerId | null {
  return bytes.length === 20 ? (bytes as PeerId) : null
}

/** BEP 20, Azureus style: "-SH0100-" and twelve bytes of the given entropy. */
export function makePeerId(fill: (out: Uint8Array) => void): PeerId {
  const id = new Uint8Array(20)
  fill(id)
  const prefix = '-SH0100-'
  for (let i = 0; i < prefix.length; i++) id[i] = prefix.charCodeAt(i)
  return id as PeerId
}
