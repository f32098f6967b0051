// The authorization server, for this example alone: an OpenID provider that lets anybody log in, with any password.
// In production it is your issuer's, and nothing of this file is needed.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { errors, type JWK } from 'oidc-provider'

const HOUR = 3600

/**
 * Starts it on a free port.
 * @param resource the one server that it gives tokens for
 * @returns its URL, which is `iss` in its tokens
 */
export async function startIssuer(resource: string): Promise<string> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const issuer = `http://localhost:${String((server.address() as AddressInfo).port)}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = privateKey.export({ format: 'jwk' }) as JWK

  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...key, kid: 'example', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    ttl: { AccessToken: HOUR, Grant: HOUR, Interaction: HOUR, Session: HOUR },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    // What a client may register with; for more, the person is asked when it is needed.
    scopes: ['notes:read'],
    features: {
      devInteractions: { enabled: true }, // its pages for log-in and consent
      registration: { enabled: true }, // clients that nobody knew before (RFC 7591)
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_ctx, wanted) {
          if (wanted !== resource) throw new errors.InvalidTarget()
          return {
            scope: 'notes:read notes:write',
            audience: resource,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }
        },
      },
    },
  })
  const handle = provider.callback()
  server.on('request', (req, res) => void handle(req, res))
  return issuer
}
