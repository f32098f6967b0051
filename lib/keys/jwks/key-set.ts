import { createPublicKey, type KeyObject } from 'node:crypto'
import { JwksClient } from 'jwks-rsa'
import { printable } from '../../printable.js'
import type { Algorithm, VerificationKey } from '../key-source.js'
import { publicKeyFault } from '../public-key.js'

type Jwk = Readonly<Record<string, unknown>>

export interface KeySetRules {
  /** A key without `alg` is used with the first of these that it fits. */
  readonly algorithms: readonly Algorithm[]
  /** The maximum number of usable keys in a set. */
  readonly maxKeys: number
}

/** RFC 7518 §6.2.2, §6.3.2 and §6.4: what only a private or secret key has. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
/** Parsing takes time, so this limits all keys in a set, whatever they are for. */
const MAX_LISTED_KEYS = 200
/** How many unusable keys an error lists, and how many characters for each. */
const SHOWN = { keys: 8, length: 160 }

/** Reads the key sets of one issuer with a single jwks-rsa client, which keeps nothing between sets. */
export class KeySetReader {
  readonly #rules: KeySetRules
  /** How the client gets its document: set by each read before it uses the client. */
  #fetch!: () => Promise<{ keys: Jwk[] }>
  readonly #client = new JwksClient({ fetcher: () => this.#fetch(), cache: false, rateLimit: false })

  constructor(rules: KeySetRules) {
    this.#rules = rules
  }

  /**
   * Reads a JWKS (RFC 7517 §5), or a single bare JWK, into the keys that may verify tokens. Keys for other purposes are
   * skipped; a set that is ambiguous, empty or too large is refused as a whole.
   * @param fetch returns the document
   * @throws {Error} saying what is wrong with the set
   */
  async read(fetch: () => Promise<unknown>): Promise<VerificationKey[]> {
    let listed: readonly Jwk[] = []
    this.#fetch = async () => {
      listed = listOf(await fetch())
      return { keys: listed.map(publicParts) }
    }
    const parsed = await this.#parse()
    const unusable: string[] = []
    const keys: VerificationKey[] = []
    for (const [index, jwk] of listed.entries()) {
      const key = parsed.get(String(index))
      const usable = purposeFault(jwk, this.#rules.algorithms) ?? this.#usableKey(jwk, key)
      if (typeof usable === 'string')
        unusable.push(printable(`${nameOf(jwk)} ${usable}`.slice(0, SHOWN.length)))
      else keys.push(usable)
    }
    requireSound(keys, unusable, this.#rules)
    return keys
  }

  /** The keys that could be parsed, by their place in the list. */
  async #parse(): Promise<ReadonlyMap<string, KeyObject>> {
    const parsed = await this.#client.getSigningKeys().catch((error: unknown) => {
      // No key could be parsed, which is reported for each of them.
      if ((error as Error).name === 'JwksError') return []
      throw error
    })
    return new Map(parsed.map((key) => [key.kid, createPublicKey(key.getPublicKey())]))
  }

  #usableKey(jwk: Jwk, key: KeyObject | undefined): VerificationKey | string {
    if (!key) return 'cannot be parsed'
    const { kid, alg } = jwk
    const allowed = this.#rules.algorithms.filter((algorithm) => alg === undefined || alg === algorithm)
    const faults = allowed.map((algorithm) => publicKeyFault(key, algorithm))
    const algorithm = allowed[faults.indexOf(undefined)]
    if (!algorithm) return String(faults[0])
    return Object.freeze({ algorithm, key, kid: typeof kid === 'string' && kid !== '' ? kid : undefined })
  }
}

/** What the client gets of a key: only its public parts, with its place in the list as `kid`. */
function publicParts({ kty, n, e, crv, x, y }: Jwk, index: number): Jwk {
  return { kty, n, e, crv, x, y, kid: String(index) }
}

function listOf(document: unknown): readonly Jwk[] {
  const { keys, kty } = (document ?? {}) as Jwk
  const list = Array.isArray(keys) ? keys : typeof kty === 'string' ? [document] : undefined
  if (!list) throw new Error('the answer is neither a JWKS nor a JWK')
  if (list.length > MAX_LISTED_KEYS)
    throw new Error(`the key set has ${list.length} keys, more than ${MAX_LISTED_KEYS}`)
  return list.filter((jwk): jwk is Jwk => typeof jwk === 'object' && jwk !== null)
}

/** RFC 7517 §4: what a key says about itself is binding, whatever a token says. */
function purposeFault(jwk: Jwk, algorithms: readonly Algorithm[]): string | undefined {
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) return 'has private parts'
  if (jwk.use !== undefined && jwk.use !== 'sig') return `has the use ${JSON.stringify(jwk.use)}`
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return 'has key_ops without "verify"'
  if (jwk.alg !== undefined && !algorithms.includes(jwk.alg as Algorithm))
    return `is for ${JSON.stringify(jwk.alg)}`
  return undefined
}

function requireSound(
  keys: readonly VerificationKey[],
  unusable: readonly string[],
  { algorithms, maxKeys }: KeySetRules,
): void {
  if (keys.length === 0) {
    const reasons = unusable.length > 0 ? unusable.slice(0, SHOWN.keys).join('; ') : 'it is empty'
    throw new Error(`the key set has no usable ${algorithms.join(' or ')} key (${reasons})`)
  }
  if (keys.length > maxKeys)
    throw new Error(
      `the key set has ${keys.length} usable keys, more than jwks.maxKeys (${maxKeys}) allows: raise that option`,
    )
  const twice = keys.find(({ kid }, index) => keys.findIndex((other) => other.kid === kid) < index)
  if (twice)
    throw new Error(`the key set has two keys ${twice.kid === undefined ? 'without' : 'with the same'} kid`)
}

function nameOf({ kid }: Jwk): string {
  return typeof kid === 'string' ? kid : 'a key without kid'
}
