import { setTimeout as sleep } from 'node:timers/promises'
import type { MaybePromise } from '../../user.js'
import type { VerificationKey } from '../key-source.js'
import { fetchJson, type FetchedJson, type GetJson } from './fetch-json.js'
import type { RequestRules } from './request-rules.js'
import { KeySetReader, type KeySetRules } from './key-set.js'

/** The configuration of one issuer. */
export interface IssuerRules extends KeySetRules {
  /** The limit for one load as a whole: finding the key set, fetching it, and trying again. */
  readonly timeoutSeconds: number
  /** Finds the URL of the key set, which may involve asking the issuer. */
  readonly locate: (get: GetJson) => MaybePromise<URL>
  readonly request: RequestRules
}

const RETRY_DELAY_MS = 200

/** Asks one issuer for its keys. Remembers their URL until a fetch fails. */
export class IssuerClient {
  readonly #rules: IssuerRules
  readonly #fetchJson: typeof fetchJson
  readonly #reader: KeySetReader
  #location: URL | undefined

  constructor(rules: IssuerRules, fetch = fetchJson) {
    this.#rules = rules
    this.#fetchJson = fetch
    this.#reader = new KeySetReader(rules)
  }

  /**
   * Fetches and reads the key set, with one retry, within one deadline.
   * @param closing aborts it at once
   * @throws {Error} saying what the issuer did wrong
   */
  async loadKeys(
    closing: AbortSignal,
  ): Promise<{ keys: VerificationKey[]; maxAgeSeconds: number | undefined }> {
    const { timeoutSeconds } = this.#rules
    closing.throwIfAborted()
    const end = new AbortController()
    const timer = setTimeout(() => {
      end.abort(new Error(`no complete answer within ${timeoutSeconds} s`))
    }, timeoutSeconds * 1000)
    const close = (): void => {
      end.abort(closing.reason)
    }
    closing.addEventListener('abort', close)
    try {
      let maxAgeSeconds: number | undefined
      const read = this.#reader.read(async () => {
        const fetched = await this.#fetchTwice(end.signal)
        maxAgeSeconds = fetched.maxAgeSeconds
        return fetched.body
      })
      return { keys: await beforeAbort(read, end.signal), maxAgeSeconds }
    } catch (error) {
      this.#location = undefined
      throw error
    } finally {
      clearTimeout(timer)
      closing.removeEventListener('abort', close)
    }
  }

  async #fetchTwice(signal: AbortSignal): Promise<FetchedJson> {
    try {
      return await this.#fetch(signal)
    } catch {
      this.#location = undefined // it may have moved
      await sleep(RETRY_DELAY_MS * (1 + Math.random()), undefined, { ref: false, signal })
      return this.#fetch(signal)
    }
  }

  async #fetch(signal: AbortSignal): Promise<FetchedJson> {
    const { locate, request } = this.#rules
    const get: GetJson = (url) => this.#fetchJson(url, request, signal)
    this.#location ??= await locate(get)
    return get(this.#location)
  }
}

/** A promise's outcome, or the signal's reason if that comes first: the app's own `fetch` may ignore the signal. */
function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
    promise.then(resolve, reject)
  })
}
