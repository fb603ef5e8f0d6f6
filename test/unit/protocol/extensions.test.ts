import { expect } from 'chai'
import {
  MetadataMessage,
  metadataPieces,
  readExtensionHandshake,
  readMetadataMessage,
  writeExtensionHandshake,
  writeMetadataAnswer,
  writeMetadataReject,
  writeMetadataRequest,
} from '../../../core/protocol/extensions.js'

function text(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, 'latin1'))
}

describe('extension handshake', () => {
  it('is read as it was written', () => {
    const yourIp = Uint8Array.of(1, 2, 3, 4)
    const payload = writeExtensionHandshake({ client: 'Shoal 0.1.0', port: 6881, metadataSize: 31235, yourIp })
    expect(Buffer.from(payload).toString('latin1')).to.equal(
      'd1:md11:ut_metadatai1ee13:metadata_sizei31235e1:pi6881e4:reqqi2000e1:v11:Shoal 0.1.06:yourip4:\x01\x02\x03\x04e',
    )
    expect(readExtensionHandshake(payload)).to.deep.equal({
      metadataId: 1,
      metadataSize: 31235,
      reqq: 2000,
      port: 6881,
      client: 'Shoal 0.1.0',
      yourIp,
    })
  })

  it('leaves out what there is not, and reads its absence', () => {
    const payload = writeExtensionHandshake({ client: '', port: 0, metadataSize: 0, yourIp: new Uint8Array(16) })
    expect(Buffer.from(payload).toString('latin1')).to.not.match(/metadata_size|1:p/)
    expect(readExtensionHandshake(text('de'))).to.deep.equal({
      metadataId: 0,
      metadataSize: 0,
      reqq: null,
      port: 0,
      client: '',
      yourIp: null,
    })
  })

  it('ignores sizes, ports and ids that are nonsense', () => {
    for (const size of ['i0e', 'i-1e', 'i2147483648e', 'i9007199254740992e', '5:hello', 'le']) {
      const read = readExtensionHandshake(text(`d1:md11:ut_metadata${size}e13:metadata_size${size}1:p${size}e`))
      expect(read, size).to.include({ metadataId: 0, metadataSize: 0, port: 0 })
    }
    expect(readExtensionHandshake(text('d1:mi5e6:yourip3:abce'))).to.include({ metadataId: 0, yourIp: null })
  })

  it('takes keys out of order, as some clients write them', () => {
    expect(readExtensionHandshake(text('d1:v1:x1:md11:ut_metadatai3eee'))).to.include({ metadataId: 3, client: 'x' })
  })

  it('gives up on dictionaries too deep, too many, broken', () => {
    expect(readExtensionHandshake(text('d1:a' + 'l'.repeat(8) + 'e'.repeat(9)))).to.equal(null)
    const crowd = Array.from({ length: 2000 }, (_, i) => `4:${String(i).padStart(4, '0')}i1e`).join('')
    expect(readExtensionHandshake(text(`d1:md${crowd}ee`))).to.equal(null)
    for (const bad of ['', 'i1e', 'd', 'l-3:e', 'dexx']) expect(readExtensionHandshake(text(bad)), bad).to.equal(null)
  })
})

describe('metadata messages', () => {
  const info = Uint8Array.from({ length: 40000 }, (_, i) => i % 251)

  it('carry the info dictionary in pieces of 16 KiB', () => {
    expect(metadataPieces(info.length)).to.equal(3)
    const parts = [0, 1, 2].map(piece => readMetadataMessage(writeMetadataAnswer(info, piece)))
    expect(parts.map(part => part?.kind)).to.deep.equal([1, 1, 1])
    expect(parts.map(part => part?.totalSize)).to.deep.equal([40000, 40000, 40000])
    expect(Buffer.concat(parts.map(part => part?.data ?? new Uint8Array(0)))).to.deep.equal(Buffer.from(info))
  })

  it('reject a piece there is not', () => {
    expect(readMetadataMessage(writeMetadataAnswer(info, 3))).to.deep.include({
      kind: MetadataMessage.Reject,
      piece: 3,
    })
    expect(readMetadataMessage(writeMetadataReject(9))).to.deep.include({ kind: MetadataMessage.Reject, piece: 9 })
    expect(Buffer.from(writeMetadataRequest(2)).toString()).to.equal('d8:msg_typei0e5:piecei2ee')
  })

  it('that are nonsense are told as such', () => {
    for (const bad of [
      '',
      'de',
      'd8:msg_typei0ee',
      'd8:msg_typei0e5:piecei-1ee',
      'd8:msg_typei0e5:piecei99999ee',
      'x',
    ]) {
      expect(readMetadataMessage(text(bad)), bad).to.equal(null)
    }
    expect(readMetadataMessage(text('d8:msg_typei7e5:piecei0ee'))?.kind).to.equal(7)
  })
})
