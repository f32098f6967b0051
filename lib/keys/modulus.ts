/** In characters, as `n` of a JWK (2048 or 3072 bits), or from `openssl rsa -modulus` (2048). No secret is longer. */
const LENGTHS = [342, 512]
const SMALL_FACTORS = 4096

/**
 * Whether a text seems to be the modulus of an RSA key, copied without the rest: a "secret" that is public. A modulus
 * has its first bit set and no small factor. So does one in thirty random numbers of exactly that length.
 */
export function isModulus(text: string): boolean {
  if (!LENGTHS.includes(text.length)) return false
  const hex = Buffer.from(text, /[a-z]/.test(text) ? 'base64url' : 'hex').toString('hex')
  if (!/^[89a-f]/.test(hex)) return false
  const number = BigInt(`0x${hex}`)
  for (let factor = 2n; factor < SMALL_FACTORS; factor += 1n) if (number % factor === 0n) return false
  return true
}
