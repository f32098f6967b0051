import { createPublicKey, type KeyObject } from 'node:crypto'
import { JwksClient } from 'jwks-rsa'
import type { Algorithm, VerificationKey } from '../key-source.js'
import { publicKeyFault } from '../public-key.js'

type Jwk = Readonly<Record<string, unknown>>

/** RFC 7518 §6.2.2, §6.3.2 and §6.4: what only a private or secret key has. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
/** Parsing costs time, so a set has an end whatever its keys are for. */
const MAX_LISTED_KEYS = 200
/** How many unusable keys an error tells of, and in how many characters each. */
const SHOWN = { keys: 8, length: 160 }

/**
 * Reads a JWKS (RFC 7517 §5), or a single bare JWK, into the keys that may verify tokens of one algorithm. Keys for
 * other purposes are passed over; a set that is ambiguous, empty or too large is refused whole.
 * @throws {Error} saying what is wrong with the set
 */
export async function readKeySet(
  document: unknown,
  algorithm: Algorithm,
  maxKeys: number,
): Promise<VerificationKey[]> {
  const jwks = listOf(document)
  const unusable: string[] = []
  const keys: VerificationKey[] = []
  for (const jwk of jwks) {
    const fault = purposeFault(jwk, algorithm)
    const key = fault === undefined ? await parseJwk(jwk) : undefined
    const reason = fault ?? (key ? publicKeyFault(key, algorithm) : 'cannot be parsed')
    if (key && reason === undefined) keys.push(toVerificationKey(jwk, key, algorithm))
    else unusable.push(`${nameOf(jwk)} ${String(reason)}`.slice(0, SHOWN.length))
  }
  if (keys.length === 0) {
    const reasons = unusable.length > 0 ? unusable.slice(0, SHOWN.keys).join('; ') : 'it is empty'
    throw new Error(`the key set has no usable ${algorithm} key (${reasons})`)
  }
  if (keys.length > maxKeys)
    throw new Error(`the key set has ${keys.length} usable keys, more than jwks.maxKeys (${maxKeys}) allows`)
  const twice = keys.find(({ kid }, index) => keys.findIndex((other) => other.kid === kid) < index)
  if (twice)
    throw new Error(`the key set has two keys ${twice.kid === undefined ? 'without' : 'with the same'} kid`)
  return keys
}

function listOf(document: unknown): readonly Jwk[] {
  const { keys, kty } = (document ?? {}) as Jwk
  const list = Array.isArray(keys) ? keys : typeof kty === 'string' ? [document] : undefined
  if (!list) throw new Error('the answer is neither a JWKS nor a JWK')
  if (list.length > MAX_LISTED_KEYS)
    throw new Error(`the key set has ${list.length} keys, more than ${MAX_LISTED_KEYS}`)
  return list.filter((jwk): jwk is Jwk => typeof jwk === 'object' && jwk !== null)
}

/** RFC 7517 §4: what a key says about itself binds, whatever a token says. */
function purposeFault(jwk: Jwk, algorithm: Algorithm): string | undefined {
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) return 'has private parts'
  if (jwk.use !== undefined && jwk.use !== 'sig') return `has the use ${JSON.stringify(jwk.use)}`
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return 'has key_ops without "verify"'
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return `is for ${JSON.stringify(jwk.alg)}`
  return undefined
}

/** Parses the key alone: what it says about its purpose has been judged. */
async function parseJwk({ kty, n, e, crv, x, y }: Jwk): Promise<KeyObject | undefined> {
  const keys = [{ kty, n, e, crv, x, y }]
  const parser = new JwksClient({ fetcher: () => Promise.resolve({ keys }), cache: false })
  try {
    const [parsed] = await parser.getSigningKeys()
    return parsed && createPublicKey(parsed.getPublicKey())
  } catch {
    return undefined // reported by the caller as a key that cannot be parsed
  }
}

function nameOf({ kid }: Jwk): string {
  return typeof kid === 'string' ? kid : 'a key without kid'
}

function toVerificationKey({ kid }: Jwk, key: KeyObject, algorithm: Algorithm): VerificationKey {
  return Object.freeze({ algorithm, key, ...(typeof kid === 'string' && kid !== '' && { kid }) })
}
