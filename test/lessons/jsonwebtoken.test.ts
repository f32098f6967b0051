// The traps of jsonwebtoken that LESSONS.md numbers: each is sprung on jsonwebtoken alone, then on the guard.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import jwt from 'jsonwebtoken'
import { startApp, type Options } from '../support/app.js'
import { refusalOf } from '../support/refused-options.js'
import {
  APP_ID,
  claims,
  mint,
  mintText,
  NOW,
  OTHER_SECRET,
  rsaKeys,
  SECRET,
  withSegment,
} from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

const HS256 = { algorithms: ['HS256'] } satisfies jwt.VerifyOptions
const good = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
const rsa = rsaKeys()
const RS256: Options = { signingAlgorithm: 'RS256', signingKeys: [rsa.publicPem] }
const now = { clockTimestamp: NOW }

/** Which options start-up refuses. */
const refusedOptions = (options: object): string[] =>
  refusalOf({ ...good, ...options }).problems.map(({ option }) => option)

test('LESSONS 1: a zero-length HMAC key, with which anybody can sign, is refused at start-up, like all short ones', async (t) => {
  const nothing = Buffer.alloc(0)
  const forged = mint(claims(), { key: nothing })
  assert.ok(jwt.verify(forged, nothing, { ...HS256, ...now }))

  for (const key of [
    '',
    ' ',
    { key: '', encoding: 'base64' },
    { key: '!!!!', encoding: 'base64' },
    { key: 'zz', encoding: 'hex' },
    { key: '=', encoding: 'base64url' },
    { key: 'AA==', encoding: 'base64' },
  ])
    assert.deepEqual(refusedOptions({ signingKeys: [key] }), ['signingKeys[0]'], JSON.stringify(key))
  for (const options of [{}, RS256]) {
    const app = await startApp(t, options)
    assert.equal((await app.me(forged)).status, 401)
  }
})

test('LESSONS 2: an audience or issuer that is empty or unset is a start-up error, not a check left out', () => {
  const token = mint(claims({ aud: 'somebody else', iss: 'somebody else' }))
  for (const hole of [{ audience: '' }, { audience: undefined }, { issuer: '' }, { issuer: undefined }])
    assert.ok(jwt.verify(token, SECRET, { ...HS256, ...now, ...hole } as jwt.VerifyOptions))

  for (const value of ['', ' ', undefined, [], [''], [undefined], 5]) {
    assert.deepEqual(refusedOptions({ audience: value }), ['audience'])
    assert.deepEqual(refusedOptions({ issuer: value }), ['issuer'])
    if (!Array.isArray(value)) assert.deepEqual(refusedOptions({ appId: value }), ['appId'])
  }
  assert.equal(verifierFor().refuse(token).code, 'TOKEN_AUDIENCE_MISMATCH')
})

test('LESSONS 3: a public key never becomes an HMAC secret: not escaped, not damaged, whatever a token says', async (t) => {
  const escaped = rsa.publicPem.replaceAll('\n', '\\n')
  const damaged = rsa.publicPem.replace('-----END', '----END')
  for (const text of [escaped, damaged]) {
    const forged = mint(claims(), { key: text, alg: 'HS256' })
    assert.ok(jwt.verify(forged, text, { algorithms: ['HS256', 'RS256'], ...now }))
  }

  assert.deepEqual(refusedOptions({ signingAlgorithm: 'RS256', signingKeys: [damaged] }), ['signingKeys[0]'])
  assert.deepEqual(refusedOptions({ signingKeys: [escaped] }), ['signingKeys[0]'])
  assert.deepEqual(refusedOptions({ signingAlgorithm: ['HS256', 'RS256'] }), ['signingAlgorithm'])
  const app = await startApp(t, { ...RS256, signingKeys: [escaped] })
  assert.equal((await app.me(mint(claims(), { key: rsa.privateKey }))).status, 200)
  for (const key of [escaped, rsa.publicPem, rsa.publicPem.trim(), `${escaped}\n`])
    for (const alg of ['HS256', 'RS256', 'none']) {
      const { status } = await app.me(mint(claims(), { key, alg }))
      assert.equal(status, 401)
    }
})

test('LESSONS 3: a private key given by mistake is named as one', () => {
  const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const { problems } = refusalOf({ ...good, signingAlgorithm: 'RS256', signingKeys: [privatePem] })
  assert.equal(problems[0]?.problem, 'is a private key')
})

test('LESSONS 4: a number that is none is refused, in the options and in the claims', () => {
  const expired = mint(claims({ exp: NOW - 100 }))
  assert.ok(jwt.verify(expired, SECRET, { ...HS256, ...now, clockTolerance: '5' as unknown as number }))
  const endless = mintText(`{"aud":"${APP_ID}","sub":"24601","exp":1e400}`)
  assert.ok(jwt.verify(endless, SECRET, { ...HS256, ...now }))

  for (const value of ['5', '', NaN, Infinity, -Infinity, null, [5], true])
    for (const option of ['clockToleranceSeconds', 'maxTokenLength', 'maxFieldLength', 'timeoutSeconds'])
      assert.deepEqual(refusedOptions({ [option]: value }), [option])
  assert.equal(verifierFor({ clockToleranceSeconds: 5 }).refuse(expired).code, 'TOKEN_EXPIRED')
  assert.equal(verifierFor().refuse(endless).code, 'TOKEN_DATE_INVALID')
  for (const exp of ['1e309', '-1e309', '"9999999999"', 'null', '{}', '[9999999999]', 'true'])
    assert.equal(
      verifierFor().refuse(mintText(`{"aud":"${APP_ID}","sub":"24601","exp":${exp}}`)).code,
      'TOKEN_DATE_INVALID',
      exp,
    )
})

test('LESSONS 5: what jsonwebtoken lets through is refused: crit, b64, typ, no exp, a future iat', () => {
  const rows = [
    { token: mint(claims(), { header: { crit: ['x'], x: 1 } }), code: 'TOKEN_CRITICAL_HEADER' },
    { token: mint(claims(), { header: { b64: false } }), code: 'TOKEN_CRITICAL_HEADER' },
    { token: mint(claims(), { header: { typ: 'anything' } }), code: 'TOKEN_TYPE' },
    { token: mint(claims({ exp: undefined })), code: 'TOKEN_DATE_INVALID' },
    { token: mint(claims({ iat: NOW + 1e9, exp: NOW + 2e9 })), code: 'TOKEN_NOT_YET_VALID' },
  ]
  for (const { token, code } of rows) {
    assert.ok(jwt.verify(token, SECRET, { ...HS256, ...now }))
    assert.equal(verifierFor().refuse(token).code, code)
  }
})

test('LESSONS 5: an RSA key under 2048 bits, which jsonwebtoken verifies with, is refused at start-up', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const token = mint(claims(), { key: small.privateKey })
  assert.ok(jwt.verify(token, small.publicKey, { algorithms: ['RS256'], ...now }))
  const pem = small.publicKey.export({ type: 'spki', format: 'pem' })
  assert.deepEqual(refusedOptions({ signingAlgorithm: 'RS256', signingKeys: [pem] }), ['signingKeys[0]'])
})

test('LESSONS 5: a list of audiences means all of them, unless any is asked for', () => {
  const token = mint(claims({ aud: 'one' }))
  assert.ok(jwt.verify(token, SECRET, { ...HS256, ...now, audience: ['one', 'two'] }))
  const audience = ['one', 'two']
  assert.equal(verifierFor({ audience }).refuse(token).code, 'TOKEN_AUDIENCE_MISMATCH')
  assert.equal(verifierFor({ audience, requireAnyAudience: true }).accept(token).subject, '24601')
})

test('LESSONS 6: a signed payload that is not an object is a 401, and the process goes on', async (t) => {
  assert.throws(() => jwt.verify(mintText('null'), SECRET, HS256), TypeError)
  assert.throws(() => jwt.verify(mintText('{'), SECRET, HS256), SyntaxError)
  assert.deepEqual(jwt.verify(mintText('["x"]'), SECRET, HS256), ['x'])
  assert.equal(jwt.verify(mintText('"x"', { header: { typ: undefined } }), SECRET, HS256), '"x"')

  const app = await startApp(t, { allowedTypes: ['JWT', null] })
  for (const typ of ['JWT', undefined])
    for (const payload of ['null', '{', '["x"]', '[]', '"x"', 'x', '5', 'true', '\0'])
      for (const send of [app.me, app.login]) {
        const { status, body } = await send(mintText(payload, { header: { typ } }))
        assert.equal(status, 401, payload)
        assert.equal(body.error, 'invalid custom auth token: token is malformed', payload)
      }
  assert.equal((await app.me(mint())).status, 200)
})

test('LESSONS 7: a sub that is a query operator, or any other JSON, finds no user and makes none', async (t) => {
  const injection = mint(claims({ sub: { $gt: '' } }))
  assert.deepEqual((jwt.verify(injection, SECRET, { ...HS256, ...now }) as { sub: unknown }).sub, { $gt: '' })

  const app = await startApp(t)
  assert.equal((await app.me(mint())).status, 200)
  for (const sub of [{ $gt: '' }, { $ne: null }, ['24601'], 24601, true, null, ''])
    for (const send of [app.me, app.login]) {
      const { status, body } = await send(mint(claims({ sub })))
      assert.equal(status, 401)
      assert.equal(body.error, "invalid custom auth token: 'sub' must be a non-empty string")
    }
  assert.equal((await app.auth.users.list()).users.length, 1)
})

test('LESSONS 7: a claim __proto__ poisons nothing', async (t) => {
  const payload = `{"aud":"${APP_ID}","sub":"24601","exp":${String(NOW + 60)},"__proto__":{"admin":true},"user":{"__proto__":{"admin":true}}}`
  const read = jwt.verify(mintText(payload), SECRET, { ...HS256, ...now }) as object
  assert.equal((Object.assign({}, read) as { admin?: unknown }).admin, true, 'the trap is open')

  const app = await startApp(t)
  const { status, body } = await app.me(mintText(payload))
  assert.equal(status, 200)
  assert.equal(body.admin, undefined)
  assert.equal(({} as { admin?: unknown }).admin, undefined)
  const mapping = await startApp(t, { metadataFields: [{ name: 'user' }] })
  assert.equal((await mapping.me(mintText(payload))).status, 401)
})

test('LESSONS 8: the text of an RS256 signature is malleable for jsonwebtoken; the guard takes one text alone', async (t) => {
  const token = mint(claims(), { key: rsa.privateKey })
  const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
  const texts = alphabet.map((last) => token.slice(0, -1) + last)
  const passes = (text: string): boolean => {
    try {
      return Boolean(jwt.verify(text, rsa.publicKey, { algorithms: ['RS256'], ...now }))
    } catch (error) {
      if (error instanceof jwt.JsonWebTokenError) return false
      throw error
    }
  }
  assert.equal(texts.filter(passes).length, 16)

  // Twice: the second time the good text is remembered.
  const app = await startApp(t, RS256)
  for (let round = 0; round < 2; round += 1) {
    const statuses = []
    for (const text of texts) statuses.push((await app.me(text)).status)
    assert.deepEqual(
      statuses,
      texts.map((text) => (text === token ? 200 : 401)),
    )
  }
})

test('LESSONS 9: keys are parsed once, into KeyObjects: no PEM or secret is parsed on a request', () => {
  const rows = [
    { options: {}, token: mint(), type: 'secret' },
    {
      options: { signingKeys: [{ key: Buffer.from(SECRET).toString('hex'), encoding: 'hex' }] },
      token: mint(),
      type: 'secret',
    },
    { options: RS256, token: mint(claims(), { key: rsa.privateKey }), type: 'public' },
  ]
  for (const { options, token, type } of rows) {
    const { accept } = verifierFor({ cache: { tokens: false }, ...options })
    const [first, second] = [accept(token).key.key, accept(token).key.key]
    assert.ok(first instanceof KeyObject)
    assert.equal(first.type, type)
    assert.equal(second, first)
  }
})

test('LESSONS 10: jsonwebtoken is 9.0.3 or later, and the jws below it is fixed (CVE-2025-65945)', () => {
  const read = (path: string | URL) =>
    JSON.parse(readFileSync(path, 'utf8')) as { version: string; dependencies: Record<string, string> }
  const numbers = (version: string): number =>
    version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)
  assert.equal(read(new URL('../../package.json', import.meta.url)).dependencies.jsonwebtoken, '^9.0.3')
  const fromHere = createRequire(import.meta.url)
  const path = fromHere.resolve('jsonwebtoken/package.json')
  assert.ok(numbers(read(path).version) >= numbers('9.0.3'))
  assert.ok(numbers(read(createRequire(path).resolve('jws/package.json')).version) >= numbers('4.0.1'))
})

test('LESSONS 10: it loads and verifies on this Node, in a process of its own', () => {
  const script = `
    const { customJwtAuth } = await import('custom-jwt-auth')
    const options = ${JSON.stringify(good)}
    const { ok } = await customJwtAuth({ ...options, clock: () => ${String(NOW * 1000)} }).explain(${JSON.stringify(mint())}, { user: false })
    console.log(ok)`
  const said = execFileSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  assert.equal(said.trim(), 'true')
})

test('the guard judges a token that jsonwebtoken itself signed as it would', async (t) => {
  const app = await startApp(t)
  const signed = jwt.sign(claims(), SECRET, { algorithm: 'HS256' })
  assert.equal((await app.me(signed)).status, 200)
  assert.equal((await app.me(jwt.sign(claims(), OTHER_SECRET, { algorithm: 'HS256' }))).status, 401)
  assert.equal((await app.me(withSegment(signed, 2, ''))).status, 401)
})

test('a signature made for another purpose with the right key is still judged by its claims', async (t) => {
  // The same RSA key signs other things too: what it signed must not pass for a token.
  const app = await startApp(t, RS256)
  const content = [{ alg: 'RS256', typ: 'JWT' }, { document: 'hash' }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const { status, body } = await app.me(
    `${content}.${sign('sha256', Buffer.from(content), rsa.privateKey).toString('base64url')}`,
  )
  assert.equal(status, 401)
  assert.equal(
    body.error,
    "invalid custom auth token: 'aud' must be a string or array of strings containing the clientAppId",
  )
})
