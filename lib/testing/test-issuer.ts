import {
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Options of {@link TestIssuer.mint}. */
export interface MintOptions {
  /** Default: 300. Negative for an expired token. */
  readonly expiresInSeconds?: number
  /** Header parameters to add or replace; `undefined` removes one. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Which published or withdrawn key signs. Default: the newest. */
  readonly kid?: string
}

/**
 * An issuer on loopback, for tests and for work without a network: it mints, rotates, withdraws and misbehaves. It
 * mints over HTTP too: `GET /token?sub=24601&aud=myapp-abcde` returns a token with these claims.
 */
export interface TestIssuer {
  /** The `iss` of its tokens, and what the option `discover` takes. */
  readonly issuer: string
  /** What the option `jwkUri` takes. */
  readonly jwkUri: string
  /** The kids that the key set shows, oldest first. */
  readonly kids: readonly string[]
  /** How often the key set was fetched. */
  readonly fetches: number
  /**
   * Mints a token, signed with the key's own algorithm whatever its header says.
   * @param claims `iss`, `iat` and `exp` are added if they are missing; `undefined` leaves one out
   */
  mint(claims: Readonly<Record<string, unknown>>, options?: MintOptions): string
  /** Publishes a new key, by default of the issuer's algorithm, which signs from now on. Returns its kid. */
  rotate(algorithm?: TestIssuerAlgorithm): string
  /** Takes a key out of the key set. Default: the oldest. Tokens can still be minted with it. */
  withdraw(kid?: string): void
  /** Delays every answer by this time. */
  goSlow(milliseconds: number): void
  /** Breaks every connection, until {@link recover}. */
  goDown(): void
  /** Answers normally again. */
  recover(): void
  /** Stops listening and closes open connections. */
  close(): Promise<void>
}

/** What a test issuer signs with. */
export type TestIssuerAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

interface IssuerKey {
  readonly algorithm: TestIssuerAlgorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: object
}

/**
 * Starts a test issuer on loopback.
 * @param options `algorithm`: default RS256. `clock`: milliseconds since 1970, for the dates of its tokens; default `Date.now`. `port`: default a
 *   free one
 * @example
 * const issuer = await createTestIssuer()
 * const auth = customJwtAuth({ appId: 'myapp-abcde', jwkUri: issuer.jwkUri })
 * const token = issuer.mint({ sub: '24601', aud: 'myapp-abcde' })
 */
export async function createTestIssuer({
  clock = Date.now,
  port = 0,
  algorithm = 'RS256',
}: { clock?: () => number; port?: number; algorithm?: TestIssuerAlgorithm } = {}): Promise<TestIssuer> {
  const keys: IssuerKey[] = [createKey(algorithm)]
  let published = [...keys]
  let delay = 0
  let isDown = false
  let fetches = 0

  const server = createServer((req, res) => {
    if (req.url === '/jwks') fetches += 1
    if (isDown) res.destroy()
    else if (delay > 0) setTimeout(answer, delay, req.url, res).unref()
    else answer(req.url, res)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const jwkUri = `${issuer}/jwks`

  function answer(path: string | undefined, res: ServerResponse): void {
    const url = URL.canParse(path ?? '', issuer) ? new URL(path ?? '', issuer) : undefined
    if (url?.pathname === '/token') {
      res.writeHead(200, { 'content-type': 'text/plain' })
      res.end(mint(toClaims(url.searchParams)))
      return
    }
    const documents: Record<string, object> = {
      '/jwks': { keys: published.map(({ jwk }) => jwk) },
      '/.well-known/openid-configuration': { issuer, jwks_uri: jwkUri },
    }
    const document = documents[url?.pathname ?? '']
    res.writeHead(document ? 200 : 404, { 'content-type': 'application/json' })
    res.end(JSON.stringify(document ?? { error: 'not found' }))
  }

  function keyNamed(kid: string): IssuerKey {
    const key = keys.find((known) => known.kid === kid)
    if (!key) throw new Error(`the test issuer has no key ${kid}`)
    return key
  }

  function mint(
    claims: Readonly<Record<string, unknown>>,
    { expiresInSeconds = 300, header = {}, kid }: MintOptions = {},
  ): string {
    const key = kid === undefined ? keys.at(-1) : keyNamed(kid)
    if (!key) throw new Error('the test issuer has no key')
    const iat = Math.floor(clock() / 1000)
    const payload = { iss: issuer, iat, exp: iat + expiresInSeconds, ...claims }
    const joseHeader = { alg: key.algorithm, typ: 'JWT', kid: key.kid, ...header }
    // Not with jsonwebtoken, which would refuse to make the bad tokens that tests also need.
    const content = [joseHeader, payload].map(toSegment).join('.')
    return `${content}.${signatureOf(content, key)}`
  }

  return {
    issuer,
    jwkUri,
    get kids() {
      return published.map(({ kid }) => kid)
    },
    get fetches() {
      return fetches
    },
    mint,
    rotate(next = algorithm) {
      const key = createKey(next)
      keys.push(key)
      published.push(key)
      return key.kid
    },
    withdraw(kid = published[0]?.kid ?? '') {
      const key = keyNamed(kid)
      published = published.filter((other) => other !== key)
    },
    goSlow(milliseconds) {
      delay = milliseconds
    },
    goDown() {
      isDown = true
      server.closeAllConnections()
    },
    recover() {
      isDown = false
      delay = 0
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The claims of a query: a repeated one is a list. */
function toClaims(query: URLSearchParams): Record<string, unknown> {
  const claims = [...new Set(query.keys())].map((name) => [name, query.getAll(name)] as const)
  return Object.fromEntries(claims.map(([name, values]) => [name, values.length === 1 ? values[0] : values]))
}

function toSegment(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function createKey(algorithm: TestIssuerAlgorithm): IssuerKey {
  const { publicKey, privateKey } = createKeyPair(algorithm)
  const kid = randomUUID()
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm }
  return { algorithm, kid, privateKey, jwk }
}

function createKeyPair(algorithm: TestIssuerAlgorithm): KeyPairKeyObjectResult {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function signatureOf(content: string, { algorithm, privateKey: key }: IssuerKey): string {
  const hash = algorithm === 'EdDSA' ? null : 'sha256'
  return sign(hash, Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}
