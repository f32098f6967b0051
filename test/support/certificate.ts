// An X.509 certificate around a public key, as some issuers publish it: node:crypto reads them but makes none.
import { sign } from 'node:crypto'
import type { RsaKeys } from './tokens.js'

/** A DER element; its contents are at most 65,535 bytes. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03
const UTC_TIME = 0x17
const SHA256_WITH_RSA = der(SEQUENCE, Buffer.from('06092a864886f70d01010b0500', 'hex'))
const NAMELESS = der(SEQUENCE)

/** A self-signed certificate, as PEM. */
export function certificateOf({ publicKey, privateKey }: RsaKeys): string {
  const validity = ['200101000000Z', '490101000000Z'].map((date) => der(UTC_TIME, Buffer.from(date)))
  const content = der(
    SEQUENCE,
    der(INTEGER, Buffer.from([1])),
    SHA256_WITH_RSA,
    NAMELESS,
    der(SEQUENCE, ...validity),
    NAMELESS,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', content, privateKey))
  const lines = der(SEQUENCE, content, SHA256_WITH_RSA, signature)
    .toString('base64')
    .match(/.{1,64}/g)
  return ['-----BEGIN CERTIFICATE-----', ...(lines ?? []), '-----END CERTIFICATE-----', ''].join('\n')
}
