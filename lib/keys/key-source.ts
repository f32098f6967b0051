import type { KeyObject } from 'node:crypto'
import type { MaybePromise } from '../user.js'

/** The signing algorithms of RFC 7518 §3.1 and RFC 8037 that keys may be configured for; EdDSA with Ed25519. */
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

/** Where the keys of third-party tokens come from: a list in the configuration, or an issuer's key set. */
export interface KeySource {
  /**
   * The keys that may have signed a token, in the order to try them. Asked for every token, also for one that was
   * verified before: a key that is no longer among them is withdrawn. Answers at once whenever it can.
   * @param kid the token's `kid` header, when it has one
   * @param now epoch seconds
   * @param algorithm the token's `alg`: keys of another one cannot have signed it, but a source may name them all the same
   * @throws {AuthError} TOKEN_KEY_ID_… when the token names no key, KEYS_UNAVAILABLE when there are none to look in
   */
  find(kid: string | undefined, now: number, algorithm: string): MaybePromise<readonly VerificationKey[]>
  /** Resolves when keys can be served. @throws {AuthError} KEYS_UNAVAILABLE */
  ready(now: number): Promise<void>
  /** Releases timers and sockets. */
  close(): void
}
