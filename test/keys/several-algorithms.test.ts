// One guard with keys of several algorithms, written down and published, over HTTP: what a token says of itself chooses among
// the configured pairs of key and algorithm, and makes no new one.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test, type TestContext } from 'node:test'
import { ConfigurationError, type Algorithm } from 'custom-jwt-auth'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { joinKeys } from '../../lib/keys/key-sources.js'
import { startApp, type Options, type TestApp } from '../support/app.js'
import { checkRefusals } from '../support/refused-options.js'
import { answerWith, jwkOf, startIssuer } from '../support/scripted-issuer.js'
import { keyPairFor, LONG_SECRET, signingKeyFor, signWith, verificationKeyFor } from '../support/signers.js'
import { APP_ID, claims, NOW } from '../support/tokens.js'

const bound = (algorithm: Algorithm, kid?: string, name?: string) => ({
  key: signingKeyFor(algorithm, name),
  algorithm,
  ...(kid !== undefined && { kid }),
})
const published = (algorithm: Algorithm, kid: string, name: string) =>
  jwkOf(keyPairFor(algorithm, name).publicKey, { kid, alg: algorithm })

/** Every pair of key and algorithm that the guard below is configured for, by the name of the key. */
const PAIRS = [
  { alg: 'HS256', kid: undefined, name: undefined },
  { alg: 'PS256', kid: 'ps', name: 'ps' },
  { alg: 'ES256', kid: 'es', name: 'es' },
  { alg: 'RS256', kid: 'rs-remote', name: 'rs-remote' },
  { alg: 'ES256', kid: 'es-remote', name: 'es-remote' },
  { alg: 'EdDSA', kid: 'ed-remote', name: 'ed-remote' },
] as const
const TRIED: readonly Algorithm[] = ['HS256', 'HS512', 'RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']
const ENCODINGS = ['utf8', 'base64', 'base64url', 'hex'] as const
const KIDS = [undefined, ...PAIRS.flatMap(({ kid }) => kid ?? []), 'unknown']

async function startBoth(t: TestContext, options: object = {}) {
  const issuer = await startIssuer(
    t,
    answerWith({
      keys: [
        published('RS256', 'rs-remote', 'rs-remote'),
        published('ES256', 'es-remote', 'es-remote'),
        published('EdDSA', 'ed-remote', 'ed-remote'),
      ],
    }),
  )
  const app = await startApp(t, {
    jwkUri: issuer.jwkUri,
    signingAlgorithm: ['RS256', 'ES256', 'EdDSA'],
    signingKeys: [bound('HS256'), bound('PS256', 'ps', 'ps'), bound('ES256', 'es', 'es')],
    ...options,
  } as Options)
  return { issuer, app }
}

test('all confusions of algorithm, key and kid: what was configured passes, and nothing else', async (t) => {
  const { app } = await startBoth(t)
  const verdicts: string[] = []
  for (const signer of PAIRS)
    for (const alg of TRIED)
      for (const kid of KIDS) {
        // Signed as the key's owner can, or could if the guard took its public key for a secret.
        const token = signWith(signer.alg, { name: signer.name, header: { alg, kid } } as object)
        const { status, body } = await app.me(token)
        assert.ok(status === 200 || (status === 401 && body.error_code === 'AuthError'))
        if (status === 200) verdicts.push(`${signer.alg} ${signer.name ?? ''}: ${alg} ${kid ?? ''}`)
      }
  assert.deepEqual(verdicts, [
    // A key without kid is tried for every one, as ever.
    ...KIDS.map((kid) => `HS256 : HS256 ${kid ?? ''}`),
    'PS256 ps: PS256 ',
    'PS256 ps: PS256 ps',
    'ES256 es: ES256 es',
    'RS256 rs-remote: RS256 rs-remote',
    'ES256 es-remote: ES256 es-remote',
    'EdDSA ed-remote: EdDSA ed-remote',
  ])
})

test('a kid that is unknown asks the issuer only for an algorithm of the key set', async (t) => {
  const { app, issuer } = await startBoth(t)
  const codeOf = async (alg: Algorithm, kid?: string, name?: string) => {
    await app.me(signWith(alg, { header: { kid }, ...(name !== undefined && { name }) }))
    return app.lastCode()
  }
  await app.auth.ready()
  assert.equal(issuer.requests.length, 1)
  assert.equal(await codeOf('PS256', 'unknown', 'ps'), 'TOKEN_KEY_ID_UNKNOWN')
  assert.equal(await codeOf('ES384', 'unknown'), 'TOKEN_ALGORITHM')
  assert.equal(await codeOf('RS256', 'es-remote', 'rs-remote'), 'TOKEN_ALGORITHM')
  assert.equal(await codeOf('ES256', undefined, 'es'), 'TOKEN_KEY_ID_MISSING')
  assert.equal(issuer.requests.length, 1)
  assert.equal(await codeOf('ES256', 'unknown', 'es'), 'TOKEN_KEY_ID_UNKNOWN')
  assert.equal(issuer.requests.length, 2)
  await app.auth.close()
  assert.equal(await codeOf('ES256', 'more unknown', 'es'), 'KEYS_UNAVAILABLE')
  assert.equal(issuer.requests.length, 2)
})

test('a kid leads to its key alone, also beside a key set of the same algorithm', async (t) => {
  const { app } = await startBoth(t, {
    signingKeys: [bound('ES256', 'one', 'one'), bound('ES256', 'two', 'two')],
  })
  const statusOf = async (name: string, kid: string) =>
    (await app.me(signWith('ES256', { name, header: { kid } }))).status
  assert.deepEqual([await statusOf('one', 'one'), await statusOf('two', 'two')], [200, 200])
  assert.deepEqual([await statusOf('one', 'two'), await statusOf('two', 'one')], [401, 401])
})

test('keys have nothing for an algorithm that none of them is for', () => {
  const keys = joinKeys([verificationKeyFor('HS256')], undefined)
  assert.throws(() => keys.find(undefined, NOW, 'HS512'), { code: 'TOKEN_ALGORITHM' })
})

test('while the issuer is down, keys that are written down go on', async (t) => {
  const { app, issuer } = await startBoth(t)
  issuer.answer = (_req, res) => res.destroy()
  assert.equal((await app.me(signWith('HS256'))).status, 200)
  assert.equal((await app.me(signWith('ES256', { name: 'es', header: { kid: 'es' } }))).status, 200)
  const remote = { name: 'es-remote', header: { kid: 'es-remote' } }
  assert.equal((await app.me(signWith('ES256', remote))).status, 503)
})

test('an issuer moves from HS256 to ES256: both are alive until the old key goes', async (t) => {
  const before = { signingAlgorithm: 'HS256', signingKeys: [LONG_SECRET] } as const
  const during = { signingAlgorithm: 'HS256', signingKeys: [LONG_SECRET, bound('ES256')] } as const
  const after = { signingAlgorithm: undefined, signingKeys: [bound('ES256')] } as unknown as Options
  const statuses = async (options: Options): Promise<number[]> => {
    const app = await startApp(t, options)
    const { ok, checks } = await app.auth.explain(signWith('ES256'))
    assert.equal(ok, options !== before)
    const alg = checks.find(({ name }) => name === 'alg')
    assert.equal(
      alg?.expected,
      { 0: 'HS256', 1: 'HS256 or ES256', 2: 'ES256' }[[before, during, after].indexOf(options as never)],
    )
    return [(await app.me(signWith('HS256'))).status, (await app.me(signWith('ES256'))).status]
  }
  assert.deepEqual(await statuses(before), [200, 401])
  assert.deepEqual(await statuses(during), [200, 200])
  assert.deepEqual(await statuses(after), [401, 200])
})

test('a key that the issuer binds to another algorithm loses its tokens with the old one', async (t) => {
  const jwk = published('RS256', 'one', 'one')
  const issuer = await startIssuer(t, answerWith(jwk))
  const app = await startApp(t, { jwkUri: issuer.jwkUri, signingAlgorithm: ['RS256', 'PS256'] })
  const tokens = (['RS256', 'PS256'] as const).map((alg) =>
    signWith(alg, {
      name: 'one',
      header: { kid: 'one' },
      payload: { sub: '24601', aud: APP_ID, exp: NOW + 9000 },
    }),
  )
  const statuses = async () => Promise.all(tokens.map(async (token) => (await app.me(token)).status))
  assert.deepEqual(await statuses(), [200, 401])
  issuer.answer = answerWith({ ...jwk, alg: 'PS256' })
  app.clock.advance(5000)
  assert.deepEqual(await statuses(), [401, 200])
})

test('an issuer with RS256 moves to EdDSA, in its key set', async (t) => {
  const issuer = await createTestIssuer({ clock: () => NOW * 1000 })
  t.after(() => issuer.close())
  const app = await startApp(t, { discover: issuer.issuer, signingAlgorithm: ['RS256', 'EdDSA'] })
  const [old = ''] = issuer.kids
  const user = { sub: '24601', aud: APP_ID }
  assert.equal((await app.me(issuer.mint(user))).status, 200)
  issuer.rotate('EdDSA')
  assert.equal((await app.me(issuer.mint(user))).status, 200)
  assert.equal((await app.me(issuer.mint(user, { kid: old }))).status, 200)
})

test('keys that are all written down are ready at once, and hold nothing open', async (t) => {
  const { auth } = await startApp(t, {
    signingAlgorithm: undefined,
    signingKeys: [bound('HS256')],
  } as Options)
  await auth.ready()
  await auth.close()
})

describe('what start-up refuses', () => {
  const jwkUri = 'https://issuer.example/jwks'
  const point = keyPairFor('ES256').publicKey.export({ format: 'jwk' })
  const remote = { signingAlgorithm: undefined, jwkUri }
  checkRefusals([
    {
      what: 'a key without algorithm beside a key set',
      options: { ...remote, signingKeys: [LONG_SECRET] },
      option: 'signingKeys[0].algorithm',
      problem: /^is not set$/,
      fix: /^Pass one of HS256/,
    },
    {
      what: 'a key without kid of an algorithm that the key set has',
      options: { ...remote, signingKeys: [bound('RS256')] },
      option: 'signingKeys',
      problem: /^have a key for RS256 without kid/,
      fix: /kid/,
    },
    {
      what: 'an algorithm that is not one',
      options: { signingKeys: [{ key: LONG_SECRET, algorithm: 'none' }] },
      option: 'signingKeys[0].algorithm',
      problem: /^is not known$/,
      fix: /^Pass one of HS256/,
    },
    {
      what: 'an algorithm that is not one, beside keys that each have theirs',
      options: { signingAlgorithm: 'none', signingKeys: [bound('HS256')] },
      option: 'signingAlgorithm',
      problem: /^is not one/,
      fix: /^Pass one of HS256/,
    },
    {
      what: 'no algorithm for one of two keys',
      options: { signingAlgorithm: undefined, signingKeys: [bound('HS256'), LONG_SECRET.slice(1)] },
      option: 'signingAlgorithm',
      problem: /^is undefined/,
      fix: /^Pass one of HS256/,
    },
    {
      what: 'no algorithm, neither of its own nor for all, for one of two keys with kid',
      options: {
        signingAlgorithm: undefined,
        signingKeys: [bound('HS256'), { key: LONG_SECRET.slice(1), kid: 'b' }],
      },
      option: 'signingAlgorithm',
      problem: /^is undefined/,
      fix: /^Pass one of HS256/,
    },
    {
      what: 'a key set for secrets',
      options: { signingAlgorithm: ['RS256', 'HS256'], signingKeys: [bound('HS256')], jwkUri },
      option: 'signingAlgorithm',
      problem: /^is not one/,
      fix: /^Pass one of RS256/,
    },
    {
      what: 'one key for two algorithms',
      options: { signingKeys: [bound('RS256'), bound('PS256')] },
      option: 'signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove/,
    },
    {
      what: 'one secret for two algorithms',
      options: { signingKeys: [bound('HS256'), bound('HS512')] },
      option: 'signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove/,
    },
    {
      what: 'jwkUri beside discover',
      options: { signingKeys: [bound('HS256')], ...remote, discover: 'https://issuer.example' },
      option: 'discover',
      problem: /^is set together with jwkUri$/,
      fix: /one of them/,
    },
    {
      what: 'a coordinate of the public key as the secret',
      options: { signingKeys: [bound('ES256'), { key: point.x, algorithm: 'HS256' }, bound('HS512')] },
      option: 'signingKeys',
      problem: /part of one of the public keys/,
      fix: /^Generate/,
    },
    {
      what: 'an algorithm of a session key',
      options: { session: { signingKeys: [{ key: LONG_SECRET, algorithm: 'HS256' }] } },
      option: 'session.signingKeys[0].algorithm',
      problem: /^is not an option$/,
      fix: /^Remove it; known options are key, encoding, kid$/,
    },
  ])
})

test('old advice: a base64-encoded EC public key as an HS256 secret is refused in every form, and forges nothing', async (t) => {
  const { publicKey } = keyPairFor('ES256')
  const jwk = publicKey.export({ format: 'jwk' })
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const raw = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(jwk.x ?? '', 'base64url'),
    Buffer.from(jwk.y ?? '', 'base64url'),
  ])
  const forms = [der, Buffer.from(pem), Buffer.from(JSON.stringify(jwk)), raw].flatMap((bytes) => {
    const [base64, hex] = [bytes.toString('base64'), bytes.toString('hex')]
    return [
      bytes,
      base64,
      base64.replace(/=+$/, ''),
      bytes.toString('base64url'),
      hex,
      Buffer.from(base64).toString('base64'),
    ]
  })
  const started = { HS256: 0, ES256: 0 }
  for (const form of forms) {
    const isText = typeof form === 'string'
    const keys = isText ? [form, ...ENCODINGS.map((encoding) => ({ key: form, encoding }))] : [form]
    const secrets = isText
      ? [Buffer.from(form), Buffer.from(form, 'base64'), Buffer.from(form, 'hex')]
      : [Buffer.from(form)]
    for (const signingAlgorithm of ['HS256', 'ES256'] as const)
      for (const key of keys) {
        const app = await startUnlessRefused(t, { signingAlgorithm, signingKeys: [key] })
        if (!app) continue
        started[signingAlgorithm] += 1
        for (const secret of secrets) assert.equal((await app.me(forged(secret))).status, 401)
      }
  }
  assert.equal(started.HS256, 0)
  assert.ok(started.ES256 > 0)
})

/** The app, or nothing when start-up refuses it, which never advises ES256's users to take a secret. */
async function startUnlessRefused(t: TestContext, options: Options): Promise<TestApp | undefined> {
  try {
    return await startApp(t, options)
  } catch (error) {
    assert(error instanceof ConfigurationError)
    if (options.signingAlgorithm === 'ES256') assert.doesNotMatch(error.message, /HS\d|HMAC|secret/)
    return undefined
  }
}

/** Signed with what everybody can read. */
function forged(secret: Buffer): string {
  const content = [{ alg: 'HS256', typ: 'JWT' }, claims()]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}
