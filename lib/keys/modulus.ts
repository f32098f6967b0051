/** As `n` of a JWK, or as `openssl rsa -modulus` prints it: 2048 or 3072 bits. Longer ones are too long for a secret. */
const WRITTEN = /^(?:[\w-]{342}|[\w-]{512})$/
const PRINTED = /^(?:[0-9A-F]{2}){256}(?:[0-9A-F]{256})?$/
const SMALL_FACTORS = 4096

/**
 * Whether a text seems to be the modulus of an RSA key, copied without the rest: a secret that everybody knows. It has its first
 * bit set and no small factor. One in thirty random numbers of just such a length is like that, too.
 */
export function isModulus(text: string): boolean {
  const hex = PRINTED.test(text)
    ? text
    : WRITTEN.test(text)
      ? Buffer.from(text, 'base64url').toString('hex')
      : ''
  if (!/^[89a-f]/i.test(hex)) return false
  const number = BigInt(`0x${hex}`)
  for (let factor = 2n; factor < SMALL_FACTORS; factor += 1n) if (number % factor === 0n) return false
  return true
}
