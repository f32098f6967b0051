import { LRUCache } from 'lru-cache'
import { authError } from '../../errors.js'
import type { Events } from '../../events.js'
import { andThen } from '../../maybe-promise.js'
import type { MaybePromise } from '../../user.js'
import { countGuard } from './guard-count.js'
import type { IssuerClient } from './issuer-client.js'
import type { KeySource, VerificationKey } from '../key-source.js'
import { WaitingRoom } from './waiting-room.js'

/** How long a key set is used, and how often it is asked for. */
export interface RemoteKeysRules {
  /** Whether a token without `kid` is accepted when the set has just one key. */
  readonly allowMissingKid: boolean
  /** How long a set is fresh when the issuer does not say. */
  readonly maxAgeSeconds: number
  /** How long a set is served past its age while the issuer cannot be reached. */
  readonly staleSeconds: number
  readonly cooldownSeconds: number
}

export interface RemoteKeysParts {
  readonly uri: string
  readonly rules: RemoteKeysRules
  readonly issuer: IssuerClient
  readonly events: Events
}

/** A key set, and until when it is what. All times are epoch seconds. */
interface KeySet {
  readonly keys: readonly VerificationKey[]
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>
  /** Which refresh brought it, counted from 1. */
  readonly refresh: number
  readonly askedAt: number
  readonly refreshAt: number
  readonly expiresAt: number
  readonly staleUntil: number
}

/** Issuers may say how long their keys are good for, within these bounds: a withdrawn key lives that long. */
const MAX_AGE_BOUNDS = { min: 60, max: 3600 }
/** The part of its age after which a set is refreshed beside the requests. */
const REFRESH_AHEAD = 0.8
/** In number and in characters: whoever invents a kid chooses its length. */
const UNKNOWN_KIDS = { max: 1000, maxSize: 256_000 }

/**
 * The keys of an issuer's JWKS.
 *
 * One fetch at a time, and none that a request has to wait for while the set is fresh. A `kid` that is not in the set
 * causes a refresh, but no two within the cool-down: whoever comes in between waits for the next, so that invented
 * kids cost the issuer little and a rotated key's first tokens still pass. When the issuer is down, known keys are
 * served for a while; after that the answer is 503, never 401.
 */
export class RemoteKeys implements KeySource {
  readonly #parts: RemoteKeysParts
  readonly #closing = new AbortController()
  /** As of when each kid was last found to be in no set. */
  readonly #unknownKids = new LRUCache<string, number>({
    ...UNKNOWN_KIDS,
    sizeCalculation: (_askedAt, kid) => kid.length + 1,
  })
  readonly #waitingRoom = new WaitingRoom()
  readonly #uncount: () => void
  #set: KeySet | undefined
  #refreshing: Promise<void> | undefined
  /** How many refreshes have begun. */
  #refreshes = 0
  /** What went wrong with the last refresh, and when; undefined when nothing did. */
  #failure: { readonly at: number; readonly cause: unknown } | undefined
  /** When an unknown kid last caused a refresh. */
  #searchedAt = Number.NEGATIVE_INFINITY

  constructor(parts: RemoteKeysParts) {
    this.#parts = parts
    const { uri, events } = parts
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
    const cause = new Error('closed')
    this.#closing.abort(cause)
    const refused = Promise.reject(authError('KEYS_UNAVAILABLE', { cause }))
    refused.catch(() => undefined) // also when nobody waits
    this.#waitingRoom.release(refused)
  }

  #usableSet(now: number): MaybePromise<KeySet> {
    const set = this.#set
    if (set && now < set.expiresAt) {
      // A set from the future: the clock was wrong, and has been set back.
      if (now >= set.refreshAt || now < set.askedAt - this.#parts.rules.maxAgeSeconds)
        this.#refreshBeside(now)
      return set
    }
    if (set && now < set.staleUntil) {
      // The first to meet an expired set waits for a better one; while the issuer is down, nobody does.
      if (!this.#failure)
        return this.#refresh(now).then(
          () => this.#current(),
          () => set,
        )
      this.#refreshBeside(now)
      return set
    }
    if (this.#isBackingOff(now)) throw authError('KEYS_UNAVAILABLE', { cause: this.#failure?.cause })
    return this.#refresh(now).then(() => this.#current())
  }

  #current(): KeySet {
    if (!this.#set) throw authError('KEYS_UNAVAILABLE')
    return this.#set
  }

  /**
   * Looks for a kid that the set does not have.
   * @param begun how many refreshes had begun when the token came: only a later one proves that nobody has this key
   */
  async #search(kid: string, now: number, begun: number): Promise<readonly VerificationKey[]> {
    const missedAt = this.#unknownKids.get(kid)
    if (missedAt !== undefined && this.#isCooling(missedAt, now)) throw authError('TOKEN_KEY_ID_UNKNOWN')
    this.#parts.events.unknownKeyId({ kid })
    // One that was under way may bring the key all the same.
    if (this.#refreshes === begun) await this.#refreshing?.catch(() => undefined)
    if (!this.#set?.byKid.has(kid) && this.#current().refresh <= begun) await this.#laterRefresh(now, begun)
    const { byKid, askedAt } = this.#current()
    const found = byKid.get(kid)
    if (found) return found
    this.#unknownKids.set(kid, askedAt)
    throw authError('TOKEN_KEY_ID_UNKNOWN')
  }

  /** A refresh that began after a token came: the running one, a new one, or the next when the cool-down is over. */
  #laterRefresh(now: number, begun: number): Promise<void> {
    if (this.#refreshing && this.#refreshes > begun) return this.#refreshing
    const { cooldownSeconds } = this.#parts.rules
    const lastAt = Math.max(this.#searchedAt, this.#failure?.at ?? Number.NEGATIVE_INFINITY)
    if (!this.#isCooling(lastAt, now) || this.#closing.signal.aborted) {
      this.#searchedAt = now
      return this.#refresh(now)
    }
    const dueAt = lastAt + cooldownSeconds
    return this.#waitingRoom.wait(Math.min(dueAt - now, cooldownSeconds), () => {
      this.#searchedAt = dueAt
      this.#refresh(dueAt).catch(() => undefined) // whoever waits is told
    })
  }

  /** Whether the cool-down after some time is not over. A time further ahead than that: the clock has been set back. */
  #isCooling(since: number, now: number): boolean {
    return Math.abs(now - since) < this.#parts.rules.cooldownSeconds
  }

  #isBackingOff(now: number): boolean {
    return this.#failure !== undefined && this.#isCooling(this.#failure.at, now)
  }

  #refreshBeside(now: number): void {
    if (this.#isBackingOff(now)) return
    this.#refresh(now).catch(() => undefined) // reported by #refresh, and there are keys to go on with
  }

  #refresh(now: number): Promise<void> {
    if (this.#refreshing) return this.#refreshing
    this.#refreshes += 1
    this.#refreshing = this.#load(now, this.#refreshes).finally(() => {
      this.#refreshing = undefined
    })
    this.#waitingRoom.release(this.#refreshing)
    return this.#refreshing
  }

  /** Replaces the whole set. A key that stays keeps its identity, and with it the verdicts that rest on it. */
  async #load(now: number, refresh: number): Promise<void> {
    const { issuer, rules, events } = this.#parts
    const old = this.#set
    const loaded = await issuer.loadKeys(this.#closing.signal).catch((cause: unknown) => {
      this.#failure = { at: now, cause }
      if (!this.#closing.signal.aborted) events.keysFailed({ error: cause })
      if (old && now >= old.expiresAt && now < old.staleUntil && !this.#closing.signal.aborted)
        events.keysStale({ expiredAt: old.expiresAt, servedUntil: old.staleUntil })
      throw authError('KEYS_UNAVAILABLE', { cause })
    })
    const keys = loaded.keys.map((key) => old?.keys.find((known) => isSame(known, key)) ?? key)
    // Withdrawn keys need no search.
    for (const { kid } of old?.keys ?? []) if (kid !== undefined) this.#unknownKids.set(kid, now)
    const times = lifeOf(now, loaded.maxAgeSeconds ?? rules.maxAgeSeconds, rules.staleSeconds)
    this.#set = { keys: Object.freeze(keys), byKid: indexByKid(keys), refresh, ...times }
    this.#failure = undefined
    events.keysRefreshed({ kids: keys.map(({ kid }) => kid) })
  }
}

function lifeOf(askedAt: number, maxAgeSeconds: number, staleSeconds: number) {
  const age = Math.min(Math.max(maxAgeSeconds, MAX_AGE_BOUNDS.min), MAX_AGE_BOUNDS.max)
  const expiresAt = askedAt + age
  return {
    askedAt,
    refreshAt: askedAt + age * REFRESH_AHEAD,
    expiresAt,
    staleUntil: expiresAt + staleSeconds,
  }
}

function indexByKid(keys: readonly VerificationKey[]): KeySet['byKid'] {
  return new Map(keys.flatMap((key) => (key.kid === undefined ? [] : [[key.kid, Object.freeze([key])]])))
}

function isSame(a: VerificationKey, b: VerificationKey): boolean {
  return a.kid === b.kid && a.key.equals(b.key)
}
