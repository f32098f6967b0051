// The inner verifier, made from options as a guard makes it.
import assert from 'node:assert/strict'
import { parseOptions } from '../../lib/options.js'
import { isAuthError, type AuthError } from '../../lib/errors.js'
import { VerifiedCache } from '../../lib/jws/token-cache.js'
import type { KeySource } from '../../lib/keys/key-source.js'
import { joinKeys } from '../../lib/keys/key-sources.js'
import type { CustomJwtAuthOptions } from '../../lib/options.js'
import type { ProviderRules } from '../../lib/providers/provider-options.js'
import { createVerifier, type VerifiedToken, type Verifier } from '../../lib/token/verifier.js'
import { APP_ID, NOW, SECRET } from './tokens.js'

export interface TestVerifier {
  /** The verdict as the verifier gives it. */
  readonly verify: Verifier['verify']
  /** The verdict on a token; what it throws is thrown. */
  readonly accept: (token: string, now?: number) => VerifiedToken
  /** The refusal of a token; fails the test when it is accepted, or when something else than an AuthError comes. */
  readonly refuse: (token: string, now?: number) => AuthError
}

/**
 * A verifier with HS256, {@link SECRET} and {@link APP_ID}, unless the options say otherwise.
 * @param find where its keys come from in place of the options
 */
export function verifierFor(options: object = {}, find?: KeySource['find']): TestVerifier {
  const all = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET], ...options }
  const { providers, cache } = parseOptions(all as CustomJwtAuthOptions, false)
  const [{ keys: source, ...provider }] = providers as [ProviderRules]
  assert(!source.remote)
  const keys = { ...joinKeys(source.written, undefined), ...(find && { find }) }
  const verifier = createVerifier({
    ...provider,
    keys,
    cache: new VerifiedCache(cache.tokens),
    fieldUnescaped: () => undefined,
  })

  function accept(token: string, now = NOW): VerifiedToken {
    const verdict = verifier.verify(token, now)
    assert(!(verdict instanceof Promise), 'static keys answer at once')
    return verdict
  }

  return {
    verify: (token, now) => verifier.verify(token, now),
    accept,
    refuse(token, now) {
      let verdict: VerifiedToken
      try {
        verdict = accept(token, now)
      } catch (error) {
        if (isAuthError(error)) return error
        throw error
      }
      return assert.fail(`accepted: ${JSON.stringify(verdict.claims)}`)
    },
  }
}
