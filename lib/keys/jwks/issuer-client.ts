import { setTimeout as sleep } from 'node:timers/promises'
import type { MaybePromise } from '../../user.js'
import { readKeySet } from './key-set.js'
import type { Algorithm, VerificationKey } from '../key-source.js'

/** A JSON document of the issuer's. */
export interface FetchedJson {
  readonly body: unknown
  /** The response's `Cache-Control: max-age`; 0 for `no-store` and `no-cache`. */
  readonly maxAgeSeconds: number | undefined
}

/** Asks the issuer for a document. */
export type GetJson = (url: URL) => Promise<FetchedJson>

export interface IssuerClientParts {
  readonly algorithm: Algorithm
  /** The most usable keys that a set may have. */
  readonly maxKeys: number
  /** For everything that one load does: finding the key set, fetching it, and trying again. */
  readonly timeoutSeconds: number
  /** Finds the URL of the key set; may ask the issuer for it. */
  readonly locate: (get: GetJson) => MaybePromise<URL>
  readonly fetchJson: (url: URL, signal: AbortSignal) => Promise<FetchedJson>
}

const RETRY_DELAY_SECONDS = 0.2

/** Asks one issuer for its keys. Remembers where they are, until that goes wrong. */
export class IssuerClient {
  readonly #parts: IssuerClientParts
  #location: URL | undefined

  constructor(parts: IssuerClientParts) {
    this.#parts = parts
  }

  /**
   * Fetches and reads the key set: two tries within one deadline.
   * @param closing ends it at once
   * @throws {Error} saying what the issuer did wrong
   */
  async loadKeys(
    closing: AbortSignal,
  ): Promise<{ keys: VerificationKey[]; maxAgeSeconds: number | undefined }> {
    const { algorithm, maxKeys, timeoutSeconds } = this.#parts
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
      const { body, maxAgeSeconds } = await beforeAbort(this.#fetchTwice(end.signal), end.signal)
      return { keys: await readKeySet(body, algorithm, maxKeys), maxAgeSeconds }
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
    } catch (error) {
      if (signal.aborted) throw error
      this.#location = undefined // it may have moved
      const delaySeconds = RETRY_DELAY_SECONDS * (1 + Math.random())
      await sleep(delaySeconds * 1000, undefined, { ref: false, signal })
      return this.#fetch(signal)
    }
  }

  async #fetch(signal: AbortSignal): Promise<FetchedJson> {
    const { locate, fetchJson } = this.#parts
    const get: GetJson = (url) => fetchJson(url, signal)
    this.#location ??= await locate(get)
    return get(this.#location)
  }
}

/** A promise's outcome, or the reason of the signal if that comes first: a `fetch` of the app's may not heed it. */
function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
    promise.then(resolve, reject)
  })
}
