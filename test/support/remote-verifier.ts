// The verifier with keys from an issuer, composed as a guard does it, with its events written down.
import { setImmediate as turn } from 'node:timers/promises'
import { VerifiedCache } from '../../lib/jws/token-cache.js'
import type { ProviderRules } from '../../lib/providers/provider-options.js'
import { parseOptions } from '../../lib/options.js'
import type { ErrorCode } from '../../lib/errors.js'
import { isAuthError } from '../../lib/errors.js'
import type { Events } from '../../lib/events.js'
import { fetchJson } from '../../lib/keys/jwks/fetch-json.js'
import { IssuerClient } from '../../lib/keys/jwks/issuer-client.js'
import { RemoteKeys } from '../../lib/keys/jwks/remote-keys.js'
import type { JwksOptions } from '../../lib/keys/jwks/jwks-options.js'
import type { CustomJwtAuthOptions } from '../../lib/options.js'
import { createVerifier, type VerifiedToken } from '../../lib/token/verifier.js'
import { APP_ID, NOW } from './tokens.js'

export interface RemoteVerifier {
  readonly keys: RemoteKeys
  readonly verify: (token: string, now?: number) => Promise<VerifiedToken>
  /** What becomes of a token: 'accepted', or the code of its refusal. */
  readonly verdict: (token: string, now?: number) => Promise<'accepted' | ErrorCode>
  /** What was reported, in order. */
  readonly events: { readonly name: keyof Events; readonly event: unknown }[]
  /** How often a key set was asked for. */
  readonly fetches: () => number
  /** Waits until no load is under way. */
  readonly settled: () => Promise<void>
}

export function remoteVerifier(
  jwkUri: string,
  { jwks, ...others }: { jwks?: JwksOptions; [option: string]: unknown } = {},
): RemoteVerifier {
  // A slow machine is no issuer that is down.
  const patient = { timeoutSeconds: 60, ...jwks }
  const options = { appId: APP_ID, jwkUri, jwks: patient, ...others } as unknown as CustomJwtAuthOptions
  const { providers, cache } = parseOptions(options, false)
  const [
    {
      keys: { remote: source },
      ...provider
    },
  ] = providers as [ProviderRules]
  if (!source) throw new Error('the options have no issuer')
  const events: { name: keyof Events; event: unknown }[] = []
  const loads = { begun: 0, ended: 0 }
  const record = (name: keyof Events) => (event: unknown) => {
    events.push({ name, event })
    if (name === 'keysRefreshed' || name === 'keysFailed') loads.ended = loads.begun
  }
  const issuer = new IssuerClient(source, (...request) => {
    loads.begun += 1
    return fetchJson(...request)
  })
  const keys = new RemoteKeys({
    uri: source.uri,
    rules: source.rules,
    issuer,
    events: {
      keysRefreshed: record('keysRefreshed'),
      keysFailed: record('keysFailed'),
      keysStale: record('keysStale'),
      unknownKeyId: record('unknownKeyId'),
      httpAllowed: record('httpAllowed'),
      manyGuards: record('manyGuards'),
    } as unknown as Events,
  })
  const verifier = createVerifier({
    ...provider,
    keys,
    cache: new VerifiedCache(cache.tokens),
    fieldUnescaped: () => undefined,
  })
  const verify = async (token: string, now = NOW): Promise<VerifiedToken> => verifier.verify(token, now)
  return {
    keys,
    verify,
    async verdict(token, now) {
      try {
        await verify(token, now)
        return 'accepted'
      } catch (error) {
        if (isAuthError(error)) return error.code
        throw error
      }
    },
    events,
    fetches: () => loads.begun,
    async settled() {
      do await turn()
      while (loads.begun > loads.ended)
    },
  }
}
