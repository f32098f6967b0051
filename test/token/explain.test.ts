import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import {
  customJwtAuth,
  type AuthError,
  type CustomJwtAuth,
  type CustomJwtAuthOptions,
  type Explanation,
} from 'custom-jwt-auth'
import { startApp, type Options } from '../support/app.js'
import {
  APP_ID,
  claims,
  mint,
  mintText,
  NOW,
  OTHER_SECRET,
  rsaKeys,
  SECRET,
  SESSION_SECRET,
  withSegment,
} from '../support/tokens.js'

/** Explains a token as an app at NOW would; and whatever the token, nothing secret may be in the explanation. */
async function explain(token: string, options: object = {}): Promise<Explanation> {
  const clock = (): number => NOW * 1000
  const keys = { signingAlgorithm: 'HS256', signingKeys: [SECRET] }
  const all = { appId: APP_ID, ...keys, autoCreateUser: true, clock, ...options }
  const auth = customJwtAuth(all as CustomJwtAuthOptions)
  const explanation = await auth.explain(token)
  assert.deepEqual(explanation.answer, await answerOf(auth, token), 'what the guard answers')
  assertSecret(explanation, token, all.signingKeys)
  return explanation
}

/** What the guard passes to `next`. */
async function answerOf(auth: CustomJwtAuth, jwttokenstring: string) {
  const req = { headers: { jwttokenstring } } as Partial<IncomingMessage> as IncomingMessage
  const error = await new Promise((next) => {
    auth(req, {} as ServerResponse, next)
  })
  if (error === undefined) return undefined
  const { code, status, headers, error_code, message } = error as AuthError
  return { code, status, headers, error_code, message }
}

function assertSecret(explanation: Explanation, token: string, keys: readonly unknown[]): void {
  const said = JSON.stringify(explanation)
  const signature = token.trim().split('.')[2] ?? ''
  if (signature.length >= 16) assert.ok(!said.includes(signature), 'the signature is in the explanation')
  for (const key of keys) {
    const text = typeof key === 'string' ? key : (key as { key: string }).key
    assert.ok(!said.includes(text), 'a key is in the explanation')
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      assert.ok(!said.includes(Buffer.from(text).toString(encoding)), 'an encoded key is in the explanation')
  }
}

/** The only failed check, whose fix is also in the summary. */
async function onlyFailure(token: string, options?: object) {
  const { ok, checks, summary } = await explain(token, options)
  assert.equal(ok, false)
  const failed = checks.filter(({ pass }) => pass === false)
  assert.equal(failed.length, 1, JSON.stringify(failed))
  const [failure] = failed
  assert(failure?.fix)
  assert.equal(
    summary,
    `refused by ${failure.name}: expected ${failure.expected}, got ${failure.got}. ${failure.fix}`,
  )
  return failure
}

test('a provider that is switched off refuses a token that passes every other check', async () => {
  const failure = await onlyFailure(mint(), { disabled: true })
  assert.deepEqual(failure, {
    name: 'provider',
    pass: false,
    expected: 'switched on',
    got: 'disabled',
    fix: 'Set disabled to false',
    code: 'PROVIDER_DISABLED',
  })
})

test('a header that is not there is explained too', async () => {
  const auth = customJwtAuth({ appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] })
  const { ok, summary } = await auth.explain(undefined as unknown as string)
  assert.equal(ok, false)
  assert.match(summary, /^refused by format: .*, got 1 segment\. /)
  assert.equal(summary, (await auth.explain('')).summary)
})

test('a good token passes every check', async () => {
  const { ok, checks, summary, ...others } = await explain(mint())
  assert.equal(ok, true)
  assert.deepEqual(others, {}, 'neither a provider nor an answer')
  assert.equal(summary, 'accepted as Authorization: Bearer or in the header jwtTokenString')
  assert.equal((await explain(mint(), { bearerJwt: false })).summary, 'accepted in the header jwtTokenString')
  assert.ok(checks.every(({ pass, fix }) => pass === true && fix === undefined))
})

test('each check says what it expects and what it got, in the order in which they are made', async () => {
  const saidOf = async (token: string, options?: object) =>
    (await explain(token, options)).checks.map(({ name, expected, got }) => [name, expected, got])
  const before = (length: number) => [
    ['length', 'at most 2048 characters', `${String(length)} characters`],
    ['format', 'header.payload.signature, each in base64url', 'that'],
    ['alg', 'HS256', '"HS256"'],
  ]
  const token = mint()
  assert.deepEqual(await saidOf(token), [
    ...before(token.length),
    ['typ', 'jwt', '"JWT"'],
    ['crit', 'absent', 'absent'],
    ['kid', 'absent, or a string', 'absent'],
    ['iss', 'any issuer', 'absent'],
    ['signature', 'made with the one key', 'that'],
    ['session token', 'a third-party token, without the claim baas_domain_id', 'a third-party token'],
    ['aud', '"myapp-abcde"', '"myapp-abcde"'],
    ['sub', 'sub: a non-empty string', '"24601"'],
    ['exp', `a number of seconds after now (${String(NOW)})`, String(NOW + 3600)],
    ['iat', `absent, or a number of seconds not after now (${String(NOW)})`, String(NOW - 60)],
    ['nbf', `absent, or a number of seconds not after now (${String(NOW)})`, 'absent'],
    ['age', 'any age', `iat: ${String(NOW - 60)}`],
    ['required claims', 'none', 'none'],
    ['metadata', 'nothing required', 'that'],
    [
      'user',
      'a user with the identity custom-token "24601", not disabled',
      'no user yet; autoCreateUser creates one',
    ],
  ])
  const rules = {
    issuer: ['a', 'b'],
    audience: ['one', 'two'],
    requireAnyAudience: true,
    allowedTypes: ['JWT', null],
    maxTokenAgeSeconds: 600,
    requiredClaims: { azp: ['x', 1], ok: true },
    metadataFields: [{ name: 'name', required: true }, { name: 'bio' }, { name: 'id', required: true }],
  }
  const others = { aud: ['two', 'three'], iss: 'b', azp: 1, ok: true, name: 'Jean Valjean', id: 5 }
  const said = await saidOf(mint(claims(others)), rules)
  assert.deepEqual(
    said.filter(([name]) => ['typ', 'iss', 'aud', 'age', 'required claims', 'metadata'].includes(name ?? '')),
    [
      ['typ', 'jwt or absent', '"JWT"'],
      ['iss', '"a" or "b"', '"b"'],
      ['aud', '"one" or "two"', '["two","three"]'],
      ['age', 'issued (iat) at most 600 seconds ago', `iat: ${String(NOW - 60)}`],
      ['required claims', 'azp: "x" or 1, ok: true', 'azp: 1, ok: true'],
      ['metadata', 'present: name, id', 'that'],
    ],
  )
})

test('an audience says whether all of several are expected, one, or any', async () => {
  for (const [options, expected] of [
    [{ audience: ['one', 'two'] }, '"one" and "two"'],
    [{ audience: ['one', 'two'], requireAnyAudience: true }, '"one" or "two"'],
    [{ audience: null }, 'any audience'],
  ] as const) {
    const { ok, checks } = await explain(mint(claims({ aud: ['two', 'one'] })), options)
    assert.deepEqual([ok, checks.find(({ name }) => name === 'aud')?.expected], [true, expected])
  }
})

test('whitespace around a token is left out, as the guard does', async () => {
  assert.equal((await explain(`\n ${mint()}\t`)).ok, true)
})

test('every failed check is reported, not only the first', async () => {
  const token = mint(claims({ aud: 'x', sub: 5, exp: 'x', nbf: NOW + 60 }), {
    key: OTHER_SECRET,
    header: { typ: 'x', crit: ['x'] },
  })
  const { checks, summary } = await explain(token)
  const failed = checks.filter(({ pass }) => pass === false).map(({ name }) => name)
  assert.deepEqual(failed, ['typ', 'crit', 'signature', 'aud', 'sub', 'exp', 'nbf'])
  assert.match(summary, /^refused by typ: expected JWT, got "x"\./i)
  assert.equal(checks.at(-1)?.name, 'metadata', 'nobody is looked for by what is not a subject')
})

test('a user who would not be let in is what the guard answers with', async () => {
  const { ok, answer, checks } = await explain(mint(), { autoCreateUser: false })
  assert.deepEqual([ok, answer?.code, checks.at(-1)?.name], [false, 'USER_NOT_FOUND', 'user'])
})

test('of a text longer than any token is allowed to be, nothing but the length is examined', async () => {
  const [, ...others] = (await explain('x'.repeat(1_000_000))).checks
  assert.deepEqual(
    others.map(({ name }) => name),
    ['format'],
  )
  const { checks, summary } = await explain('x'.repeat(1_000_001))
  assert.deepEqual(
    checks.map(({ name }) => name),
    ['length'],
  )
  assert.match(summary, /^refused by length: expected at most 2048 characters, got 1000001 characters\. /)
})

interface Row {
  readonly what: string
  readonly claims?: object
  readonly token?: string
  readonly header?: object
  readonly options?: object
  readonly check: string
  readonly expected: RegExp
  readonly got: RegExp
  readonly fix: RegExp
}

const rsa = rsaKeys()
const expiresIn = (seconds: number) => ({
  claims: { iat: 0, exp: NOW + seconds },
  check: 'exp',
  expected: new RegExp(`after now \\(${String(NOW)}\\)`),
  got: new RegExp(`^${String(NOW + seconds)}$`),
})
const validIn = (name: string, seconds: number) => ({
  claims: { [name]: NOW + seconds, exp: NOW + 1e7 },
  check: name,
  expected: new RegExp(`not after now \\(${String(NOW)}\\)`),
  got: new RegExp(`^${String(NOW + seconds)}$`),
})
const audience = (aud: string | readonly string[], wanted: string | readonly string[] = APP_ID) => ({
  claims: { aud },
  options: { audience: wanted },
  check: 'aud',
  expected: new RegExp(`"${[wanted].flat()[0] ?? ''}"`),
  got: new RegExp(JSON.stringify(aud).replace(/[[\]]/g, '\\$&')),
})
const metadata = (others: object) => ({
  options: { metadataFields: [{ name: 'user.name', required: true }, { name: 'bio' }] },
  claims: others,
  check: 'metadata',
  expected: /^present: user\.name$/,
})
const keyOf = (what: string, signedWith: string | Buffer, configured: unknown) => ({
  what,
  token: mint(claims(), { key: signedWith }),
  options: { signingKeys: [configured] },
  check: 'signature',
  expected: /made with the one key/,
  got: /^made with another key$/,
})
const bytes = randomBytes(48)

const rows: readonly Row[] = [
  // The text
  {
    what: 'a token that is too long, but good otherwise,',
    claims: { pad: 'x'.repeat(3000) },
    check: 'length',
    expected: /^at most 2048 characters$/,
    got: /^\d{4} characters$/,
    fix: /raise maxTokenLength/,
  },
  ...[
    '',
    'not a token',
    'one.dot',
    'three.dots.too.many',
    '{"token":"x"}',
    SECRET,
    mint().replaceAll('.', ' '),
  ].map((token) => ({
    what: `${token === '' ? 'nothing' : token.slice(0, 22)}, which is not a token,`,
    token,
    check: 'format',
    expected: /^header\.payload\.signature/,
    got: /^(?:\d|more than 5) segments?$/,
    fix: /Copy the whole token/,
  })),
  {
    what: 'an encrypted token',
    token: 'eyJhbGciOiJkaXIifQ.a.b.c.d',
    check: 'format',
    expected: /^header\.payload\.signature/,
    got: /^5 segments$/,
    fix: /^It is encrypted \(a JWE\)/,
  },
  ...['Bearer ', 'bearer ', 'BEARER  '].map((prefix) => ({
    what: `a token with "${prefix}" before it`,
    token: prefix + mint(),
    check: 'format',
    expected: /^header\.payload\.signature/,
    got: /^three segments that are not all base64url$/,
    fix: /^Leave out "Bearer "/,
  })),
  {
    what: 'a token in quotes',
    token: `"${mint()}"`,
    check: 'format',
    expected: /base64url/,
    got: /^three segments that are not all base64url$/,
    fix: /nothing around it/,
  },
  {
    what: 'a header that is not JSON',
    token: withSegment(mint(), 0, 'AAAA'),
    check: 'format',
    expected: /^a header that is a JSON object$/,
    got: /^a header that is not valid UTF-8$|^a header that is not JSON$/,
    fix: /Copy the whole token/,
  },
  // The header
  {
    what: 'another typ',
    header: { typ: 'at+jwt' },
    check: 'typ',
    expected: /^jwt$/i,
    got: /^"at\+jwt"$/,
    fix: /add "at\+jwt" to allowedTypes/,
  },
  {
    what: 'no typ',
    header: { typ: undefined },
    check: 'typ',
    expected: /^jwt$/i,
    got: /^absent$/,
    fix: /add null to allowedTypes/,
  },
  {
    what: 'crit',
    header: { crit: ['exp'] },
    check: 'crit',
    expected: /^absent$/,
    got: /^\["exp"\]$/,
    fix: /leave these header parameters out/,
  },
  {
    what: 'b64',
    header: { b64: false },
    check: 'crit',
    expected: /^absent$/,
    got: /^b64: false$/,
    fix: /leave these header parameters out/,
  },
  {
    what: 'another alg, although the key is right,',
    header: { alg: 'HS512' },
    check: 'alg',
    expected: /^HS256$/,
    got: /^"HS512"$/,
    fix: /sign with HS256, or set signingAlgorithm/,
  },
  {
    what: 'a token of a secret where only the public key is known',
    options: { signingAlgorithm: 'RS256', signingKeys: [rsa.publicPem] },
    check: 'alg',
    expected: /^RS256$/,
    got: /^"HS256"$/,
    fix: /^Have the issuer sign with RS256; if it does, this token is forged$/,
  },
  {
    what: 'another alg of private keys',
    header: { alg: 'ES256' },
    options: { signingAlgorithm: 'RS256', signingKeys: [rsa.publicPem] },
    check: 'alg',
    expected: /^RS256$/,
    got: /^"ES256"$/,
    fix: /sign with RS256, or set signingAlgorithm/,
  },
  {
    what: 'crit of b64',
    header: { crit: ['b64'], b64: true },
    check: 'crit',
    expected: /^absent$/,
    got: /^\["b64"\]$/,
    fix: /leave these header parameters out/,
  },
  {
    what: 'none',
    header: { alg: 'none' },
    check: 'alg',
    expected: /^HS256$/,
    got: /^"none"$/,
    fix: /sign with HS256/,
  },
  // The key
  {
    what: 'another key than the one',
    token: mint(claims(), { key: OTHER_SECRET }),
    check: 'signature',
    expected: /^made with the one key$/,
    got: /^made with another key$/,
    fix: /^Signed with a key other than this one/,
  },
  {
    what: 'another key than these three',
    token: mint(claims(), { key: OTHER_SECRET }),
    options: { signingKeys: [SECRET, SESSION_SECRET, SECRET.replaceAll('2', '3')] },
    check: 'signature',
    expected: /^made with one of 3 keys$/,
    got: /^made with another key$/,
    fix: /^Signed with a key other than these 3/,
  },
  {
    what: 'another RSA key',
    token: mint(claims(), { key: rsa.privateKey }),
    options: { signingAlgorithm: 'RS256', signingKeys: [rsaKeys('another').publicPem] },
    check: 'signature',
    expected: /^made with the one key$/,
    got: /^made with another key$/,
    fix: /^Signed with a key other than this one/,
  },
  {
    what: 'no signature at all',
    token: mint().replace(/[^.]+$/, ''),
    check: 'signature',
    expected: /^made with the one key$/,
    got: /^made with another key$/,
    fix: /^Signed with a key other than/,
  },
  {
    what: 'a kid that names no key',
    header: { kid: 'new' },
    options: { signingKeys: [{ key: SECRET, kid: 'old' }] },
    check: 'signature',
    expected: /^a kid that names a key$/,
    got: /new/,
    fix: /key/,
  },
  {
    what: 'a kid that is not a string, which the guard refuses,',
    header: { kid: 5 },
    check: 'kid',
    expected: /a string$/,
    got: /^5$/,
    fix: /kid as a string/,
  },
  {
    ...keyOf('a secret that the issuer decodes from base64', bytes, bytes.toString('base64')),
    fix: /^The secret looks base64(url)?-encoded: decoded, it verifies\. Pass \{ key, encoding: 'base64(url)?' \}$/,
  },
  {
    ...keyOf(
      'a secret that the issuer decodes from base64url',
      Buffer.alloc(48, 0xfb),
      Buffer.alloc(48, 0xfb).toString('base64url'),
    ),
    fix: /^The secret looks base64url-encoded: decoded, it verifies\. Pass \{ key, encoding: 'base64url' \}$/,
  },
  {
    ...keyOf('a secret that the issuer decodes from hex', bytes, bytes.toString('hex')),
    fix: /^The secret looks hex-encoded: decoded, it verifies\. Pass \{ key, encoding: 'hex' \}$/,
  },
  ...(['base64', 'base64url', 'hex'] as const).map((encoding) => ({
    ...keyOf(`a secret in ${encoding} that the issuer does not decode`, bytes.toString(encoding), {
      key: bytes.toString(encoding),
      encoding,
    }),
    fix: /^The issuer uses the text of the secret as it is: leave out its encoding$/,
  })),
  {
    ...keyOf("a newline at the end of the issuer's secret", `${SECRET}\n`, SECRET),
    fix: /^The issuer's secret ends with a newline: remove it there$/,
  },
  {
    what: 'a secret that the issuer decodes, the second of two,',
    token: mint(claims(), { key: bytes }),
    options: { signingKeys: [SECRET, bytes.toString('hex')] },
    check: 'signature',
    expected: /^made with one of 2 keys$/,
    got: /^made with another key$/,
    fix: /hex-encoded: decoded, it verifies/,
  },
  {
    ...keyOf('an empty key, which is no reading of the secret', '', 'x'.repeat(40)),
    fix: /^Signed with a key other than this one/,
  },
  // The claims
  {
    what: 'another audience',
    ...audience('another'),
    fix: /^Set audience to what the issuer puts into aud/,
  },
  {
    what: 'no audience',
    claims: { aud: undefined },
    check: 'aud',
    expected: /^"myapp-abcde"$/,
    got: /^absent$/,
    fix: /^Set audience/,
  },
  {
    what: 'an audience with a slash too many',
    ...audience('https://api.example/', 'https://api.example'),
    fix: /^The audience differs by a trailing slash: make them match$/,
  },
  {
    what: 'an audience with a slash too few, among others,',
    ...audience(['x', 'https://api.example'], 'https://api.example/'),
    fix: /^The audience differs by a trailing slash: make them match$/,
  },
  {
    what: 'an audience in other case',
    ...audience('MyApp-abcde'),
    fix: /^The audience differs by upper and lower case: make them match$/,
  },
  {
    what: 'an audience with a space',
    ...audience(`${APP_ID} `),
    fix: /^The audience differs by whitespace: make them match$/,
  },
  {
    what: 'one audience where two are wanted',
    ...audience('one', ['two', 'one']),
    fix: /^Set audience/,
  },
  {
    what: 'a sub that is a number',
    claims: { sub: 24601 },
    check: 'sub',
    expected: /non-empty string/,
    got: /^24601$/,
    fix: /unique id into sub, as a string/,
  },
  { what: 'expired a second ago', ...expiresIn(-1), fix: /^Expired 1 second ago: get a new token$/ },
  { what: 'expired this moment', ...expiresIn(0), fix: /^Expired 1 second ago: get a new token$/ },
  ...(
    [
      [119, '119 seconds'],
      [120, '2 minutes'],
      [7_199, '120 minutes'],
      [7_200, '2 hours'],
      [172_799, '48 hours'],
      [172_800, '2 days'],
    ] as const
  ).map(([seconds, ago]) => ({
    what: `expired ${ago} ago`,
    ...expiresIn(-seconds),
    fix: new RegExp(`^Expired ${ago} ago: get a new token$`),
  })),
  {
    what: 'an exp that is a string',
    claims: { exp: String(NOW + 60) },
    check: 'exp',
    expected: /a number of seconds/,
    got: /^"\d+"$/,
    fix: /^Have the issuer write exp as a number of seconds, not as a string$/,
  },
  {
    what: 'no exp',
    claims: { exp: undefined },
    check: 'exp',
    expected: /a number of seconds/,
    got: /^absent$/,
    fix: /^Have the issuer set exp to a number of seconds since 1970$/,
  },
  ...['iat', 'nbf'].map((name) => ({
    what: `${name} in 5 minutes`,
    ...validIn(name, 300),
    fix: /^Valid in 5 minutes: synchronize the clocks, or set clockToleranceSeconds$/,
  })),
  ...['iat', 'nbf'].map((name) => ({
    what: `${name} as a string`,
    claims: { [name]: String(NOW - 60) },
    check: name,
    expected: /a number of seconds/,
    got: /^"\d+"$/,
    fix: new RegExp(`^Have the issuer write ${name} as a number of seconds, not as a string$`),
  })),
  {
    what: 'a token that is too old',
    options: { maxTokenAgeSeconds: 60 },
    check: 'age',
    expected: /^issued \(iat\) at most 60 seconds ago$/,
    got: new RegExp(`^iat: ${String(NOW - 60)}$`),
    fix: /^Get a new token, or raise maxTokenAgeSeconds$/,
  },
  {
    what: 'a token that does not say how old it is',
    options: { maxTokenAgeSeconds: 60 },
    claims: { iat: undefined },
    check: 'age',
    expected: /^issued \(iat\) at most 60 seconds ago$/,
    got: /^iat: absent$/,
    fix: /^Have the issuer set iat to a number of seconds since 1970$/,
  },
  {
    what: 'an issuer without its slash',
    options: { issuer: 'https://issuer.example/' },
    claims: { iss: 'https://issuer.example' },
    check: 'iss',
    expected: /^"https:\/\/issuer\.example\/"$/,
    got: /^"https:\/\/issuer\.example"$/,
    fix: /^The issuer differs by a trailing slash: make them match$/,
  },
  {
    what: 'another issuer',
    options: { issuer: 'https://issuer.example/' },
    claims: { iss: 'https://foreign.example/' },
    check: 'iss',
    expected: /issuer/,
    got: /foreign/,
    fix: /^Set issuer to what the issuer puts into iss, or send a token from this issuer$/,
  },
  ...[{ nonce: 'x' }, { at_hash: 'x' }, { c_hash: 'x' }, { typ: 'ID' }, { token_use: 'id' }].map((id) => ({
    what: `an ID token with ${JSON.stringify(id)}`,
    options: { requiredClaims: { azp: 'x' } },
    claims: id,
    check: 'required claims',
    expected: /^azp: "x"$/,
    got: /^azp: absent$/,
    fix: /^Send a token with another azp, or correct requiredClaims\. It looks like an ID token/,
  })),
  ...[{ scope: 'openid' }, { scp: ['x'] }].map((access) => ({
    what: `an access token with ${JSON.stringify(access)} and a nonce`,
    options: { requiredClaims: { azp: 'x' } },
    claims: { nonce: 'x', ...access },
    check: 'required claims',
    expected: /^azp: "x"$/,
    got: /^azp: absent$/,
    fix: /correct requiredClaims$/,
  })),
  {
    what: 'iat in milliseconds',
    ...validIn('iat', NOW * 999),
    claims: { iat: NOW * 1000 },
    fix: /^Valid in \d+ days/,
  },
  {
    what: 'a required metadata field that is missing',
    ...metadata({ user: {} }),
    got: /^user\.name is absent or null$/,
    fix: /correct the path of the metadata field/,
  },
  {
    what: 'a required metadata field whose dots are not escaped',
    ...metadata({ 'user.name': 'x' }),
    got: /^user\.name is absent or null$/,
    fix: /write user\\\.name \(in JavaScript 'user\\\\\.name'\)$/,
  },
  {
    what: 'a metadata field that is too long',
    ...metadata({ user: { name: 'x' }, bio: 'x'.repeat(400) }),
    options: { ...metadata({}).options, maxFieldLength: 300 },
    expected: /^bio: at most 300 characters of JSON$/,
    got: /^402 characters$/,
    fix: /^Have the issuer put less there, or raise maxFieldLength$/,
  },
  {
    what: 'a metadata field with a forbidden key',
    ...metadata({ user: { name: 'x' }, bio: JSON.parse('{"__proto__":{}}') as unknown }),
    expected: /^bio: no key "__proto__"/,
    got: /^one$/,
    fix: /^Have the issuer leave the key out$/,
  },
]

describe('a refused token is explained:', () => {
  for (const { what, claims: others, header = {}, options, check, expected, got, fix, ...row } of rows)
    test(`${what} fails ${check} alone, with its fix`, async () => {
      const token = row.token ?? mint(claims(others), { header })
      const failure = await onlyFailure(token, options)
      assert.equal(failure.name, check)
      assert.match(failure.expected, expected)
      assert.match(failure.got, got)
      assert.match(failure.fix ?? '', fix)
    })

  for (const text of ['null', '[]', '"text"', '5', '{"sub":', JSON.stringify(JSON.stringify(claims()))])
    test(`the signed payload ${text.slice(0, 12)} fails format alone`, async () => {
      const failure = await onlyFailure(mintText(text))
      assert.equal(failure.name, 'format')
      assert.equal(failure.expected, 'a payload that is a JSON object')
    })

  test('with another algorithm, the signature is not judged: neither passed nor failed', async () => {
    const { checks } = await explain(mint(claims(), { key: rsa.privateKey }))
    assert.deepEqual(
      checks.flatMap(({ name, pass, got }) => (pass === true ? [] : [[name, pass, got]])),
      [
        ['alg', false, '"RS256"'],
        ['signature', undefined, 'nothing that could be verified'],
      ],
    )
  })

  test('nor with a kid that is not a string', async () => {
    const { checks } = await explain(mint(claims(), { header: { kid: 5 } }))
    assert.equal(checks.find(({ name }) => name === 'signature')?.got, 'nothing that could be verified')
  })

  test('where both secrets and public keys are configured, neither advice is that of the other', async () => {
    const keys = [
      { key: SECRET, algorithm: 'HS256' },
      { key: rsa.publicPem, algorithm: 'RS256' },
    ]
    const options = { signingAlgorithm: undefined, signingKeys: keys }
    const failure = await onlyFailure(mint(claims(), { header: { alg: 'HS512' } }), options)
    assert.equal(failure.expected, 'HS256 or RS256')
    assert.equal(failure.fix, 'Have the issuer sign with HS256 or RS256; if it does, this token is forged')
  })
})

describe("a session token given in place of the issuer's", () => {
  for (const kind of ['access_token', 'refresh_token'] as const)
    test(`the ${kind} of a real login is named as what it is`, async (t) => {
      const app = await startApp(t)
      const { [kind]: token } = await app.loggedIn()
      const explanation = await app.auth.explain(token)
      assertSecret(explanation, token, [SECRET, SESSION_SECRET])
      assert.equal(explanation.ok, false)
      assert.match(explanation.summary, /^refused by signature: .*This is a session token/)
      const { summary } = await explain(token, { signingAlgorithm: 'RS256', signingKeys: [rsa.publicPem] })
      assert.match(
        summary,
        /^refused by alg: .*This is a session token/,
        'its algorithm is nothing for the issuer to fix',
      )
      const issuer = { issuer: 'https://issuer.example', audience: 'x', signingKeys: [SESSION_SECRET] }
      const { checks } = await explain(token, issuer)
      const toFix = checks.filter(({ name, pass }) => pass === false && ['iss', 'aud'].includes(name))
      assert.equal(toFix.length, 2)
      for (const { fix } of toFix) assert.match(fix ?? '', /^This is a session token/)
      const check = explanation.checks.find(({ name }) => name === 'session token')
      assert.equal(check?.pass, false)
      assert.equal(check.got, `a session token ("${kind.replace('_token', '')}")`)
      assert.match(check.fix ?? '', /Authorization: Bearer.*\/auth\/session/)
    })
})

test('keys that cannot be had come before what else is wrong, as in the answer of the guard', async () => {
  const token = mint(claims({ aud: 'other' }), { key: rsa.privateKey, header: { kid: 'a' } })
  const auth = customJwtAuth({ appId: APP_ID, clock: () => NOW * 1000, jwkUri: 'http://127.0.0.1:9/jwks' })
  const { summary, answer, checks } = await auth.explain(token)
  assert.match(
    summary,
    /^could not check signature: .*, got http:.*ECONNREFUSED.*\. Make the key set reachable/,
  )
  assert.deepEqual([answer?.status, answer?.code], [503, 'KEYS_UNAVAILABLE'])
  assert.equal(checks.find(({ name }) => name === 'aud')?.pass, false)
})

test('of several providers, the first check says which one the issuer chose, or why there is none', async (t) => {
  const of = (issuer: string, key: string) => ({ issuer, signingAlgorithm: 'HS256', signingKeys: [key] })
  const providers = { a: of('https://a.example', SECRET), b: of('https://b.example', OTHER_SECRET) }
  const expected = '"https://a.example" (a) or "https://b.example" (b)'
  const down = () => Promise.reject(new Error('away'))
  for (const [given, iss, provider, check] of [
    [providers, 'https://a.example', 'a', { pass: true, expected, got: 'a, by its iss "https://a.example"' }],
    [
      providers,
      'https://c.example',
      undefined,
      {
        pass: false,
        expected,
        got: '"https://c.example"',
        fix: 'Add a provider with this issuer, or send a token from one that is configured',
        code: 'TOKEN_ISSUER',
      },
    ],
    [
      down,
      'https://a.example',
      undefined,
      {
        pass: undefined,
        expected: 'an issuer that the providers function returns options for',
        got: '"https://a.example"',
        code: 'PROVIDERS_UNAVAILABLE',
      },
    ],
  ] as const) {
    const { auth } = await startApp(t, { providers: given } as Options)
    const explanation = await auth.explain(mint(claims({ iss })))
    assert.deepEqual(explanation.checks[0], { name: 'provider', ...check })
    assert.deepEqual([explanation.ok, explanation.provider], [check.pass === true, provider])
  }
})

test('a function that fails again is told by what it failed with, or by the answer where that has no words', async (t) => {
  for (const [cause, got] of [
    [new Error('away'), 'away'],
    ['away', 'temporarily unavailable, try again later'],
  ] as const) {
    const { auth } = await startApp(t, {
      providers: () => Promise.reject(cause as Error),
    } as unknown as Options)
    const token = mint(claims({ iss: 'https://a.example' }))
    // The first one is logged; the next is only counted, and has no words of its own.
    await auth.explain(token)
    const { summary } = await auth.explain(token)
    assert.equal(summary, `could not check provider: expected a provider for its issuer, got ${got}.`)
  }
})

test('explaining a token does not make the guard remember it', async (t) => {
  const app = await startApp(t, { autoCreateUser: false })
  const token = mint()
  assert.equal((await app.auth.explain(token, { user: false })).ok, true)
  assert.equal((await app.me(token)).body.error, 'invalid session: error finding user for endpoint')
  assert.equal((await app.auth.users.list()).users.length, 0)
})

test('a long claim is cut short', async () => {
  const token = mint(claims({ aud: 'x'.repeat(100_000) }))
  const { checks } = await explain(token, { maxTokenLength: 200_000 })
  const aud = checks.find(({ name }) => name === 'aud')
  assert.equal(aud?.got.length, 201)
})

test('an accepted token whose metadata field finds nothing for want of an escape is told so', async () => {
  const { ok, summary } = await explain(mint(claims({ 'https://x.example/roles': ['a'] })), {
    metadataFields: [{ name: 'https://x.example/roles', fieldName: 'roles' }],
  })
  assert.equal(ok, true)
  assert.match(
    summary,
    /^accepted .*\. The dots of https:.* belong to the claim's name: write https:\/\/x\\\.example\/roles /,
  )
})
