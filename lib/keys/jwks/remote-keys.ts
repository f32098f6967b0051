import { authError, type AuthError } from '../../errors.js'
import type { Events } from '../../events.js'
import { andThen } from '../../maybe-promise.js'
import { Tally } from '../../tally.js'
import type { MaybePromise } from '../../user.js'
import { lifetimeOf, stageOf, type Lifetime } from './freshness.js'
import { countGuard } from './guard-count.js'
import type { IssuerClient } from './issuer-client.js'
import type { KeySource, VerificationKey } from '../key-source.js'
import { UnknownKids } from './unknown-kids.js'

/** How long a key set is used, and how often it is fetched. */
export interface RemoteKeysRules {
  /** Whether keys may come over plain `http:` from other machines. */
  readonly allowHttp: boolean
  /** Whether a token without `kid` is accepted when the set has just one key. */
  readonly allowMissingKid: boolean
  /** How long a set is fresh when the issuer does not say. */
  readonly maxAgeSeconds: number
  /** How long a set is used past its maximum age while the issuer cannot be reached. */
  readonly staleSeconds: number
  readonly cooldownSeconds: number
}

export interface RemoteKeysParts {
  readonly uri: string
  readonly rules: RemoteKeysRules
  readonly issuer: IssuerClient
  readonly events: Events
}

/** A key set with its lifetime. */
interface KeySet extends Lifetime {
  readonly keys: readonly VerificationKey[]
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>
  /** The number of the refresh that fetched it, counted from 1. */
  readonly refresh: number
}

/** Before the first refresh. */
const NO_SET: KeySet = {
  keys: [],
  byKid: new Map(),
  refresh: 0,
  ...lifetimeOf(Number.NEGATIVE_INFINITY, 0, 0),
}
/** A request that waits for a refresh is kept in memory whole. */
const MAX_WAITING = 5000
const SHOWN_LENGTH = 100

/**
 * The keys of an issuer's JWKS.
 *
 * There is one fetch at a time, and no request waits for it while the set is fresh. A `kid` that is not in the set
 * causes a refresh if the rate limit allows one (unknown-kids.ts), and is refused at once otherwise: invented kids cost
 * the issuer little, and nobody waits except for a fetch in progress. When the issuer is down, known keys are used for
 * a while; after that the answer is 503, never 401.
 */
export class RemoteKeys implements KeySource {
  readonly #parts: RemoteKeysParts
  readonly #closing = new AbortController()
  readonly #unknownKids: UnknownKids
  readonly #refused: Tally
  readonly #unavailableKeys: Tally
  readonly #uncount: () => void
  #set = NO_SET
  #refreshing: Promise<void> | undefined
  /** How many refreshes have begun. */
  #refreshes = 0
  #waiting = 0
  /** Why and when the last refresh failed; undefined when it succeeded. */
  #failure: { readonly at: number; readonly cause: unknown } | undefined

  constructor(parts: RemoteKeysParts) {
    this.#parts = parts
    const { uri, rules, events } = parts
    this.#unknownKids = new UnknownKids(rules.cooldownSeconds)
    this.#refused = new Tally(rules.cooldownSeconds)
    this.#unavailableKeys = new Tally(rules.cooldownSeconds)
    if (rules.allowHttp) events.httpAllowed({ uri })
    this.#uncount = countGuard(uri, (guards) => {
      events.manyGuards({ uri, guards })
    })
  }

  find(kid: string | undefined, now: number): MaybePromise<readonly VerificationKey[]> {
    const begun = this.#refreshes
    return andThen(this.#usableSet(now), (set) => {
      if (kid !== undefined) return set.byKid.get(kid) ?? this.#search(kid, now, begun)
      if (this.#parts.rules.allowMissingKid && set.keys.length === 1) return set.keys
      throw authError('TOKEN_KEY_ID_MISSING')
    })
  }

  async ready(now: number): Promise<void> {
    await this.#usableSet(now)
  }

  close(): void {
    this.#uncount()
    this.#closing.abort(new Error('closed'))
  }

  #usableSet(now: number): MaybePromise<KeySet> {
    const set = this.#set
    const stage = stageOf(set, now)
    if (stage === 'gone') return this.#newSet(now)
    if (stage === 'fresh') return set
    // The first request to find the set stale waits for a new one; while the issuer is down, nobody does.
    if (stage === 'stale' && !this.#failure) return this.#newSet(now).catch(() => set)
    if (!this.#isBackingOff(now)) this.#refresh(now).catch(() => undefined) // #load reports it, and there are keys
    return set
  }

  /** @throws {AuthError} KEYS_UNAVAILABLE, at once while the issuer is down */
  async #newSet(now: number): Promise<KeySet> {
    if (this.#isBackingOff(now)) throw this.#unavailable(now)
    if (this.#isCrowded())
      throw authError('KEYS_UNAVAILABLE', { cause: new Error(`${MAX_WAITING} wait for keys`) })
    await this.#waitFor(this.#refresh(now), now)
    return this.#set
  }

  /**
   * Looks for a kid that the set does not have.
   * @param begun how many refreshes had begun when the token came: only a later one proves that the key does not exist
   */
  async #search(kid: string, now: number, begun: number): Promise<readonly VerificationKey[]> {
    // A refresh in progress may bring the key, even if it began before the token came.
    if (this.#refreshing && !this.#isCrowded())
      await this.#waitFor(
        this.#refreshing.catch(() => undefined),
        now,
      )
    if (!this.#set.byKid.has(kid) && this.#set.refresh <= begun) await this.#laterRefresh(kid, now)
    const found = this.#set.byKid.get(kid)
    if (found) return found
    this.#unknownKids.remember(kid)
    throw this.#unknownKid(kid, now)
  }

  /** Waits for a refresh that began after the token came: one that is running by now, or a new one. */
  async #laterRefresh(kid: string, now: number): Promise<void> {
    if (this.#isBackingOff(now) || this.#closing.signal.aborted) throw this.#unavailable(now)
    if (this.#isCrowded()) throw this.#unknownKid(kid, now)
    if (!this.#refreshing) {
      if (!this.#unknownKids.takeRefresh(kid, now)) throw this.#unknownKid(kid, now)
      this.#parts.events.unknownKeyId({ kid })
    }
    await this.#waitFor(this.#refresh(now), now)
  }

  /** The refusal, with the detail if it is the one of many that gets logged. */
  #unknownKid(kid: string, now: number): AuthError {
    const detail = () => {
      const known = this.#set.keys.map((key) => key.kid ?? 'one without kid')
      return {
        check: 'kid',
        expected: `one of the issuer's keys: ${known.join(', ').slice(0, SHOWN_LENGTH)}`,
        got: kid.slice(0, SHOWN_LENGTH),
        fix: 'Get a new token from the configured issuer: this one was signed with a key that it does not publish',
      }
    }
    return authError('TOKEN_KEY_ID_UNKNOWN', this.#refused.count(now, detail))
  }

  /** The failure while the issuer is down, of which only one of many is logged: anyone can send such tokens. */
  #unavailable(now: number): AuthError {
    return authError('KEYS_UNAVAILABLE', { cause: this.#failure?.cause, ...this.#unavailableKeys.count(now) })
  }

  /** If the failure lies in the future by more than the cool-down, the clock has been set back. */
  #isBackingOff(now: number): boolean {
    return this.#failure !== undefined && Math.abs(now - this.#failure.at) < this.#parts.rules.cooldownSeconds
  }

  #isCrowded(): boolean {
    return this.#waiting >= MAX_WAITING
  }

  /** Each request fails with its own error, so that one log line can report many. */
  async #waitFor(refresh: Promise<void>, now: number): Promise<void> {
    this.#waiting += 1
    try {
      await refresh
    } catch {
      throw this.#unavailable(now)
    } finally {
      this.#waiting -= 1
    }
  }

  #refresh(now: number): Promise<void> {
    if (this.#refreshing) return this.#refreshing
    this.#refreshes += 1
    this.#refreshing = this.#load(now, this.#refreshes).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Replaces the whole set. A key that stays remains the same object, so that verdicts based on it stay valid. */
  async #load(now: number, refresh: number): Promise<void> {
    const { issuer, rules, events } = this.#parts
    const old = this.#set
    const loaded = await issuer.loadKeys(this.#closing.signal).catch((cause: unknown) => {
      this.#failure = { at: now, cause }
      if (!this.#closing.signal.aborted) {
        events.keysFailed({ error: cause })
        if (stageOf(old, now) === 'stale')
          events.keysStale({ expiredAt: old.staleAt, servedUntil: old.goneAt })
      }
      throw cause
    })
    const keys = loaded.keys.map((key) => old.keys.find((known) => isSame(known, key)) ?? key)
    const byKid = indexByKid(keys)
    for (const kid of old.byKid.keys()) if (!byKid.has(kid)) this.#unknownKids.remember(kid)
    const lifetime = lifetimeOf(now, loaded.maxAgeSeconds ?? rules.maxAgeSeconds, rules.staleSeconds)
    this.#set = { keys: Object.freeze(keys), byKid, refresh, ...lifetime }
    this.#failure = undefined
    events.keysRefreshed({ kids: keys.map(({ kid }) => kid) })
  }
}

function indexByKid(keys: readonly VerificationKey[]): KeySet['byKid'] {
  return new Map(keys.flatMap((key) => (key.kid === undefined ? [] : [[key.kid, Object.freeze([key])]])))
}

function isSame(a: VerificationKey, b: VerificationKey): boolean {
  return a.kid === b.kid && a.algorithm === b.algorithm && a.key.equals(b.key)
}
