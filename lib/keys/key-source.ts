import type { KeyObject } from 'node:crypto'
import type { MaybePromise } from '../user.js'

/** The signing algorithms of RFC 7518 that a key may be configured for. */
export type Algorithm = 'HS256' | 'RS256'

/** A parsed key with the one algorithm it may be used with: configuration chooses it, never the token. */
export interface VerificationKey {
  readonly algorithm: Algorithm
  readonly key: KeyObject
  readonly kid?: string
}

/** Where the keys of third-party tokens come from: a list in the configuration, or an issuer's key set. */
export interface KeySource {
  /**
   * The keys that may have signed a token, in the order to try them; empty when its `kid` names none.
   * @param kid the token's `kid` header, when it has one
   */
  find(kid: string | undefined): MaybePromise<readonly VerificationKey[]>
  /** Whether a key that verified a token earlier is still trusted. Asked on every cache hit. */
  trusts(key: VerificationKey): boolean
  /** Resolves when keys can be served. */
  ready(): Promise<void>
  /** Releases timers and sockets. */
  close(): void
}
