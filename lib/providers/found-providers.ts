import { LRUCache } from 'lru-cache'
import { ConfigurationError } from '../configuration-error.js'
import { isAuthError, type AuthError } from '../errors.js'
import type { Events } from '../events.js'
import { readToken } from '../jws/compact.js'
import type { VerifiedCache } from '../jws/token-cache.js'
import { andThen, ignoreRejections, isPromise } from '../maybe-promise.js'
import { show } from '../token/hints.js'
import { requireLength } from '../token/steps.js'
import type { VerifiedToken } from '../token/verifier.js'
import type { MaybePromise } from '../user.js'
import type { FindProvider, ProviderRules } from './provider-options.js'
import { verifyWith, type Provider, type Providers } from './providers.js'
import { Questions } from './questions.js'
import { isSame, snapshot } from './snapshot.js'
import { EXPECTED, isWithin, Unfound, unknownIssuer } from './unfound.js'
import { WaitingRoom } from './waiting-room.js'

export interface FoundProvidersParts {
  readonly find: FindProvider
  /** Reads what it returned. @throws {ConfigurationError} */
  readonly read: (issuer: string, given: unknown) => ProviderRules
  /** Makes a provider from its rules. @throws {ConfigurationError} when another one has its name */
  readonly create: (rules: ProviderRules) => Provider
  readonly cache: { readonly ttlSeconds: number; readonly max: number }
  readonly verdicts: VerifiedCache<VerifiedToken>
  readonly timeoutSeconds: number
  readonly events: Events
}

/** A provider that was found. Epoch seconds. */
interface Found {
  readonly provider: Provider
  /** What the function returned. */
  readonly options: unknown
  /** When the function was last asked for it. */
  askedAt: number
  /** When the function is asked again in the background. */
  ageingAt: number
  /** When the last token for it came. */
  usedAt: number
  /** How many tokens are being verified with it. */
  uses: number
  isForgotten: boolean
}

/** Ten questions at once, in two lanes: anyone can invent issuers, so known issuers have a lane of their own. */
const AT_ONCE = { known: 3, strange: 7 }
/** More than fits into a header: the provider's own limit is known only after the token has been read. */
const MAX_TOKEN_LENGTH = 16_384
/** A provider is forgotten when no token for it has come for so long. */
const IDLE_SECONDS = 3600
/** An issuer worth asking about: a URL or a name (RFC 7519 §4.1.1). Some databases fail on control characters. */
const ISSUER = /^[\x21-\x7e]{1,500}$/

/** The providers that the app's function returns for the unverified issuers of tokens. */
export function foundProviders(parts: FoundProvidersParts): Providers {
  const { find, read, create, cache, verdicts, timeoutSeconds, events } = parts
  const found = new LRUCache<string, Found>({ max: cache.max, dispose: forget })
  const unfound = new Unfound()
  /** One question for each issuer. */
  const asked = new Map<string, Promise<Found>>()
  const newLane = (atOnce: number) => ({
    questions: new Questions({ atOnce, timeoutSeconds }),
    room: new WaitingRoom(),
  })
  const lanes = { known: newLane(AT_ONCE.known), strange: newLane(AT_ONCE.strange) }
  const laneOf = (iss: string) => (found.has(iss) ? lanes.known : lanes.strange)

  function forget(entry: Found): void {
    entry.isForgotten = true
    closeIfUnused(entry)
  }

  /** @throws {AuthError} TOKEN_ISSUER, or PROVIDERS_UNAVAILABLE */
  function foundFor(iss: unknown, token: string, now: number): MaybePromise<Found> {
    if (typeof iss !== 'string' || !ISSUER.test(iss)) throw unknownIssuer(iss)
    const entry = found.get(iss)
    if (entry && isWithin(cache.ttlSeconds, entry.askedAt, now)) {
      if (now >= entry.ageingAt) askAhead(iss, entry, now)
      return entry
    }
    const refusal = unfound.find(iss, now)
    if (refusal) throw refusal
    return laneOf(iss).room.wait(token, now, () => asked.get(iss)?.catch(failAgain) ?? ask(iss, now))

    /** Each request fails with its own error, so that one log line can report many. */
    function failAgain(error: AuthError): never {
      throw unfound.failAgain(iss as string, error, now)
    }
  }

  /** Asks before the last answer is too old, so that no request has to wait. */
  function askAhead(iss: string, entry: Found, now: number): void {
    entry.ageingAt = now + Unfound.failedSeconds
    if (asked.has(iss)) return
    try {
      const answer = ask(iss, now)
      if (isPromise(answer)) answer.catch(report)
    } catch (error) {
      report(error)
    }
  }

  /** Reports the failure of a question that no request waits for. */
  function report(error: unknown): void {
    if (isAuthError(error) && error.code === 'PROVIDERS_UNAVAILABLE') events.providersFailed(error)
  }

  function ask(iss: string, now: number): MaybePromise<Found> {
    let answer: MaybePromise<unknown>
    try {
      answer = laneOf(iss).questions.ask(iss, () => find(iss))
    } catch (error) {
      throw unfound.failed(iss, error, now)
    }
    if (!isPromise(answer)) return accept(iss, answer, now)
    const accepted = answer
      .then(
        (options) => accept(iss, options, now),
        (error: unknown) => {
          throw unfound.failed(iss, error, now)
        },
      )
      .finally(() => asked.delete(iss))
    asked.set(iss, accepted)
    return accepted
  }

  function accept(iss: string, options: unknown, now: number): Found {
    forgetIdle(now)
    if (options === undefined || options === null) {
      found.delete(iss)
      throw unfound.refused(iss, now)
    }
    try {
      ignoreRejections(options)
      const entry = renewed(iss, options) ?? begun(iss, options, now)
      return Object.assign(entry, { askedAt: now, ageingAt: now + cache.ttlSeconds / 2 })
    } catch (error) {
      throw unfound.failed(iss, error, now)
    }
  }

  /** If the options are the same as before, the provider keeps its keys, and what was verified with them. */
  function renewed(iss: string, options: unknown): Found | undefined {
    const entry = found.peek(iss)
    return entry && isSame(entry.options, options) ? entry : undefined
  }

  function begun(iss: string, given: unknown, now: number): Found {
    const options = snapshot(given)
    const rules = read(iss, options)
    found.delete(iss)
    const provider = created(rules, now)
    const entry = { provider, options, askedAt: now, ageingAt: now, usedAt: now, uses: 0, isForgotten: false }
    found.set(iss, entry)
    return entry
  }

  /** A provider whose answer has expired gives up its name. */
  function created(rules: ProviderRules, now: number): Provider {
    try {
      return create(rules)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      for (const [iss, { askedAt }] of found.entries())
        if (!isWithin(cache.ttlSeconds, askedAt, now)) found.delete(iss)
      return create(rules)
    }
  }

  function forgetIdle(now: number): void {
    for (const iss of found.rkeys()) {
      const entry = found.peek(iss)
      if (!entry || isWithin(IDLE_SECONDS, entry.usedAt, now)) return
      found.delete(iss)
    }
  }

  function verify(entry: Found, token: string, now: number, known: VerifiedToken | undefined) {
    entry.usedAt = now
    const verified = verifyWith(entry.provider, token, now, known)
    if (!isPromise(verified)) return verified
    entry.uses += 1
    return verified.finally(() => {
      entry.uses -= 1
      closeIfUnused(entry)
    })
  }

  return {
    maxTokenLength: MAX_TOKEN_LENGTH,
    choose: (token, now) =>
      andThen(foundFor(issuerOf(token), token, now), ({ provider }) => {
        const got = `${provider.name ?? ''}, by its iss ${show(issuerOf(token))}`
        return { provider, why: { expected: EXPECTED, got } }
      }),
    verify(token, now) {
      const known = verdicts.get(token)
      const iss = known ? known.claims.iss : issuerOf(token)
      return andThen(foundFor(iss, token, now), (entry) => verify(entry, token, now, known))
    },
    ready: () => Promise.resolve(),
    close() {
      for (const { provider } of found.values()) provider.close()
      found.clear()
    },
  }
}

/** Tokens that are being verified still need its keys. */
function closeIfUnused({ isForgotten, uses, provider }: Found): void {
  if (isForgotten && uses === 0) provider.close()
}

function issuerOf(token: string): unknown {
  requireLength(token, MAX_TOKEN_LENGTH)
  return readToken(token).claims.iss
}
