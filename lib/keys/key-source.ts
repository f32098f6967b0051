import type { KeyObject } from 'node:crypto'
import type { MaybePromise } from '../user.js'

/** The signing algorithms of RFC 7518 §3.1 and RFC 8037 that can be configured; EdDSA means Ed25519. */
export const ALGORITHMS = [
  ...(['HS256', 'HS384', 'HS512'] as const),
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512'] as const),
  'EdDSA',
] as const
/** An algorithm that a key can be used with (RFC 7518 §3.1, RFC 8037). */
export type Algorithm = (typeof ALGORITHMS)[number]

/** A parsed key with the one algorithm it may be used with: configuration chooses it, never the token. */
export interface VerificationKey {
  readonly algorithm: Algorithm
  readonly key: KeyObject
  readonly kid?: string | undefined
}

/** Where the keys for third-party tokens come from: a list in the configuration, or an issuer's key set. */
export interface KeySource {
  /**
   * The keys that may have signed a token, in the order to try them. Called for every token, even one that was verified
   * before, since a key that is no longer among them has been withdrawn. Synchronous whenever possible.
   * @param kid the token's `kid` header, when it has one
   * @param now epoch seconds
   * @param algorithm the token's `alg`; a source may also return keys of other algorithms, which cannot have signed it
   * @throws {AuthError} TOKEN_KEY_ID_… when the token names no key, KEYS_UNAVAILABLE when the keys cannot be fetched
   */
  find(kid: string | undefined, now: number, algorithm: string): MaybePromise<readonly VerificationKey[]>
  /** Resolves when keys are available. @throws {AuthError} KEYS_UNAVAILABLE */
  ready(now: number): Promise<void>
  /** Releases timers and sockets. */
  close(): void
}
