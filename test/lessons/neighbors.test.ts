// The vulnerabilities of neighbors that LESSONS.md lists, tried on this package. Those of key sets are in test/keys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { frameworks } from '../support/frameworks.js'
import { refusalOf } from '../support/refused-options.js'
import { APP_ID, claims, mint, rsaKeys, SECRET } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

const good = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
const rsa = rsaKeys()
const refusedOptions = (options: object): string[] => refusalOf(options).problems.map(({ option }) => option)

test('CVE-2020-15084 (express-jwt): the algorithm is not optional, and a token cannot choose it', async (t) => {
  assert.deepEqual(refusedOptions({ ...good, signingAlgorithm: undefined }), ['signingAlgorithm'])
  const withoutAlgorithm: Record<string, unknown> = { ...good }
  delete withoutAlgorithm.signingAlgorithm
  assert.deepEqual(refusedOptions(withoutAlgorithm), ['signingAlgorithm'])

  const app = await startApp(t, { signingAlgorithm: 'RS256', signingKeys: [rsa.publicPem] })
  const { status, body } = await app.me(mint(claims(), { key: rsa.publicPem, alg: 'HS256' }))
  assert.equal(status, 401)
  assert.match(body.error ?? '', /'alg' is not the configured signing algorithm/)
})

test('CVE-2026-35039 (fast-jwt): tokens that look alike to a careless cache key are told apart', async (t) => {
  const app = await startApp(t)
  // Equal at both ends, equal in length, equal in header: they differ in the middle alone, and in the signature.
  const pad = 'x'.repeat(300)
  const make = (sub: string): string => mint(claims({ a: pad, sub, z: pad }))
  const subjects = ['alice', 'mallo']
  for (let round = 0; round < 2; round += 1)
    for (const sub of subjects) {
      const { body } = await app.me(make(sub))
      assert.deepEqual(
        (body.identities as { id: string }[]).map(({ id }) => id),
        [sub],
      )
    }
  const [header, payload] = make('mallo').split('.')
  const [, , signature] = make('alice').split('.')
  assert.equal((await app.me([header, payload, signature].join('.'))).status, 401)
})

test('CVE-2026-35042 (fast-jwt): a crit header is never skipped', () => {
  for (const crit of [['exp'], ['b64'], ['http://example.invalid/x'], [], 'exp', null, {}])
    assert.equal(verifierFor().refuse(mint(claims(), { header: { crit } })).code, 'TOKEN_CRITICAL_HEADER')
})

test('CVE-2026-44351 (fast-jwt): no empty key is ever a key, for tokens and for sessions', () => {
  for (const key of [
    '',
    { key: '' },
    { key: '', encoding: 'hex' },
    { key: '==', encoding: 'base64' },
    undefined,
    { key: undefined },
  ]) {
    assert.deepEqual(refusedOptions({ ...good, signingKeys: [key] }), ['signingKeys[0]'])
    assert.deepEqual(refusedOptions({ ...good, session: { signingKeys: [key] } }), ['session.signingKeys[0]'])
  }
  assert.equal(verifierFor().refuse(mint(claims(), { key: '' })).code, 'TOKEN_SIGNATURE')
})

test('CVE-2026-34950 (fast-jwt): whitespace before a PEM does not make it a secret', () => {
  for (const space of [' ', '\n', '\r\n', '\t', '\ufeff', '\\n', '# a comment\n']) {
    const text = space + rsa.publicPem
    const encodings = [
      text,
      { key: text, encoding: 'utf8' },
      { key: Buffer.from(text).toString('base64'), encoding: 'base64' },
    ]
    for (const key of encodings)
      assert.deepEqual(refusedOptions({ ...good, signingKeys: [key] }), ['signingKeys[0]'])
  }
})

test('CVE-2026-30863 (Parse Server): without the option audience the App ID is the audience, checked as ever', () => {
  for (const aud of ['another', undefined, '', [], null])
    assert.match(verifierFor().refuse(mint(claims({ aud }))).code, /^TOKEN_AUDIENCE/)
  assert.deepEqual(refusedOptions({ ...good, audience: undefined }), ['audience'])
  assert.deepEqual(refusedOptions({ ...good, appId: undefined }), ['appId'])
})

test('CVE-2026-41248 (Clerk): paths are not matched here; an unless or a path option does not exist', () => {
  for (const option of ['unless', 'path', 'exclude', 'publicRoutes', 'ignore'])
    assert.deepEqual(refusedOptions({ ...good, [option]: ['/api/public'] }), [option])
})

test("express-jwt's onExpired: there is no hook that can turn a refusal into a pass by returning", () => {
  for (const option of ['onExpired', 'onError', 'isRevoked', 'getToken'])
    assert.deepEqual(refusedOptions({ ...good, [option]: () => undefined }), [option])
})

for (const [name, build] of Object.entries(frameworks))
  test(`an OPTIONS or HEAD request is not authenticated into handlers by itself, in ${name}`, async (t) => {
    const app = await startApp(t, {}, build)
    for (const method of ['OPTIONS', 'HEAD', 'TRACE', 'PUT']) {
      const { status, headers } = await app.send('/api/me', {
        method,
        headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' },
      })
      assert.equal(status, 401, method)
      assert.equal(headers['www-authenticate'], 'Bearer realm="custom-jwt-auth"')
    }
    assert.deepEqual(app.seen, [])
  })
