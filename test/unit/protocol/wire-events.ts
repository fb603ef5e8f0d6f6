// A handler that writes down what it is told, for the tests of the decoder.
import { toHex } from '../../../core/base/bytes.js'
import type { WireHandler } from '../../../core/protocol/wire-decoder.js'

export class WireEvents implements WireHandler {
  readonly log: string[] = []
  private block: Uint8Array | null = null

  /** `wanted`: false to have a block skipped. */
  constructor(private readonly wanted: (piece: number) => boolean = () => true) {}

  onKeepAlive(): void {
    this.log.push('keep-alive')
  }
  onChoke(): void {
    this.log.push('choke')
  }
  onUnchoke(): void {
    this.log.push('unchoke')
  }
  onInterested(): void {
    this.log.push('interested')
  }
  onNotInterested(): void {
    this.log.push('not-interested')
  }
  onHave(piece: number): void {
    this.log.push(`have ${piece}`)
  }
  onBitfield(bits: Uint8Array): void {
    this.log.push(`bitfield ${toHex(bits)}`)
  }
  onRequest(piece: number, begin: number, length: number): void {
    this.log.push(`request ${piece} ${begin} ${length}`)
  }
  onCancel(piece: number, begin: number, length: number): void {
    this.log.push(`cancel ${piece} ${begin} ${length}`)
  }
  onSuggest(piece: number): void {
    this.log.push(`suggest ${piece}`)
  }
  onHaveAll(): void {
    this.log.push('have-all')
  }
  onHaveNone(): void {
    this.log.push('have-none')
  }
  onReject(piece: number, begin: number, length: number): void {
    this.log.push(`reject ${piece} ${begin} ${length}`)
  }
  onAllowedFast(piece: number): void {
    this.log.push(`allowed-fast ${piece}`)
  }
  onExtended(id: number, payload: Uint8Array): void {
    this.log.push(`extended ${id} ${toHex(payload)}`)
  }
  onUnknown(id: number): void {
    this.log.push(`unknown ${id}`)
  }
  blockTarget(piece: number, _begin: number, length: number): Uint8Array | null {
    this.block = this.wanted(piece) ? new Uint8Array(length) : null
    return this.block
  }
  onBlock(piece: number, begin: number, length: number, copied: boolean): void {
    this.log.push(`block ${piece} ${begin} ${length} ${copied} ${this.block === null ? '' : toHex(this.block)}`)
  }
}
