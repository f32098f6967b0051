import { authError, type ErrorDetail } from '../errors.js'
import { readToken } from '../jws/compact.js'
import type { VerifiedCache } from '../jws/token-cache.js'
import type { KeySource } from '../keys/key-source.js'
import { nearMiss, show, withoutDifferences } from '../token/hints.js'
import { requireLength } from '../token/steps.js'
import type { ProviderVerifier, VerifiedToken, Verifier } from '../token/verifier.js'
import type { MaybePromise } from '../user.js'
import { onBehalfOf } from './on-behalf-of.js'
import type { ProviderRules } from './provider-options.js'

/** A provider that is in use. */
export interface Provider extends Omit<ProviderRules, 'keys'> {
  readonly keys: KeySource
  readonly verifier: ProviderVerifier
  /** Releases its name, and what its keys hold open. */
  close(): void
}

/** The provider that may verify a token. */
export interface Choice {
  readonly provider: Provider
  /** Why it was chosen, and out of which; absent when there was only one. */
  readonly why?: { readonly expected: string; readonly got: string }
}

/** All providers of a guard. */
export interface Providers extends Verifier {
  /** The longest token that any of them accepts. */
  readonly maxTokenLength: number
  /**
   * Chooses the provider that may verify a token by its unverified `iss`, which decides nothing else.
   * @throws {AuthError} when none may
   */
  readonly choose: (token: string, now: number) => MaybePromise<Choice>
  /** Resolves when the keys of all of them are available. @throws {AuthError} KEYS_UNAVAILABLE */
  ready(now: number): Promise<void>
  /** Releases what their keys hold open. */
  close(): void
}

/**
 * Verifies a token with the provider that was chosen for it.
 * @param known the result of an earlier verification of this token
 * @throws {AuthError} PROVIDER_DISABLED, or what the verifier throws; each names the provider
 */
export function verifyWith(
  { name, disabled, verifier }: Provider,
  token: string,
  now: number,
  known?: VerifiedToken,
): MaybePromise<VerifiedToken> {
  return onBehalfOf(name, () => {
    if (disabled) throw authError('PROVIDER_DISABLED')
    return known ? verifier.verifyAgain(known, now) : verifier.verify(token, now)
  })
}

/** The providers that the options list. */
export function listedProviders(
  list: readonly Provider[],
  verdicts: VerifiedCache<VerifiedToken>,
): Providers {
  const [first] = list
  const many = {
    maxTokenLength: Math.max(...list.map(({ rules }) => rules.maxTokenLength)),
    async ready(now: number) {
      await Promise.all(list.map(async ({ name, keys }) => onBehalfOf(name, () => keys.ready(now))))
    },
    close() {
      for (const provider of list) provider.close()
    },
  }
  if (first && list.length === 1)
    return { ...many, choose: () => ({ provider: first }), verify: (...given) => verifyWith(first, ...given) }

  const byIssuer = new Map<string, Provider>()
  for (const provider of list) for (const iss of provider.rules.issuer ?? []) byIssuer.set(iss, provider)
  const similar = new Map([...byIssuer.keys()].map((iss) => [withoutDifferences(iss), iss]))

  function chosenFor(token: string): Provider {
    requireLength(token, many.maxTokenLength)
    const { iss } = readToken(token).claims
    const provider = byIssuer.get(iss as string)
    if (!provider) throw authError('TOKEN_ISSUER', { detail: () => unknownIssuer(iss) })
    return provider
  }

  function unknownIssuer(iss: unknown): ErrorDetail {
    const text = typeof iss === 'string' && iss.length <= COMPARED_LENGTH ? withoutDifferences(iss) : ''
    const fix =
      nearMiss('issuer', [iss], [similar.get(text) ?? '']) ??
      'Add a provider with this issuer, or send a token from one that is configured'
    return { check: 'provider', expected: namesOf(byIssuer), got: show(iss), fix }
  }

  return {
    ...many,
    choose(token) {
      const provider = chosenFor(token)
      const got = `${provider.name ?? ''}, by its iss ${show(readToken(token).claims.iss)}`
      return { provider, why: { expected: namesOf(byIssuer), got } }
    },
    verify(token, now) {
      const known = verdicts.get(token)
      // The issuer of a known token has been verified, and selects its provider.
      const provider = known && byIssuer.get(known.claims.iss as string)
      return verifyWith(provider ?? chosenFor(token), token, now, known)
    },
  }
}

/** Messages list only so many: an app may have a thousand. */
const SHOWN_PROVIDERS = 10
/** No issuer has a longer name, but an untrusted token may claim one. */
const COMPARED_LENGTH = 1000

function namesOf(byIssuer: ReadonlyMap<string, Provider>): string {
  const shown = [...byIssuer].slice(0, SHOWN_PROVIDERS).map(([iss, { name }]) => `"${iss}" (${name ?? ''})`)
  const left = byIssuer.size - shown.length
  return shown.join(' or ') + (left > 0 ? ` or one of ${left} others` : '')
}
