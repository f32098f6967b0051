import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Claims, UserCreationHook } from 'custom-jwt-auth'
import type { VerificationKey } from '../../lib/keys/key-source.js'
import { startApp, type Options } from '../support/app.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET, rsaKeys, SECRET } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

/** A good token of exactly so many characters. Base64url cannot have every length. */
function tokenOfLength(length: number, others: object = {}): string {
  const pad = (count: number): string => mint(claims({ ...others, pad: 'x'.repeat(count) }))
  let count = 0
  while (pad(count).length < length) count += 1
  const token = pad(count)
  assert.equal(token.length, length)
  return token
}

describe('the length limit', () => {
  const refused = { code: 'TOKEN_TOO_LONG', status: 401 }
  const verdictOf = (token: string, options: object) => {
    const { code, status } = verifierFor(options).refuse(token)
    return { code, status }
  }

  test('a token of 2048 characters is accepted, one of 2049 is refused', () => {
    assert.equal(verifierFor().accept(tokenOfLength(2048)).subject, '24601')
    const error = verifierFor().refuse(tokenOfLength(2049))
    assert.equal(error.code, 'TOKEN_TOO_LONG')
    assert.equal(error.message, 'invalid custom auth token: token is longer than 2048 characters')
    assert.equal(error.detail?.got, '2049 characters')
  })

  test('maxTokenLength moves the limit, both ways', () => {
    assert.equal(verifierFor({ maxTokenLength: 5000 }).accept(tokenOfLength(5000)).subject, '24601')
    assert.deepEqual(verdictOf(tokenOfLength(5001), { maxTokenLength: 5000 }), refused)
    assert.equal(verifierFor({ maxTokenLength: 300 }).accept(tokenOfLength(300)).subject, '24601')
    assert.deepEqual(verdictOf(tokenOfLength(301), { maxTokenLength: 300 }), refused)
  })

  test('of several providers, the greatest limit comes before the choice of one, whose own comes after', async (t) => {
    const of = (name: string, key: string, maxTokenLength: number) => ({
      [name]: { issuer: name, signingAlgorithm: 'HS256', signingKeys: [key], maxTokenLength },
    })
    const providers = { ...of('wide', SECRET, 500), ...of('narrow', OTHER_SECRET, 400) }
    const app = await startApp(t, { providers } as Options)
    assert.equal((await app.me(tokenOfLength(500, { iss: 'wide' }))).status, 200)
    for (const [iss, length, limit] of [
      ['nobody', 501, 500],
      ['narrow', 401, 400],
    ] as const) {
      await app.me(tokenOfLength(length, { iss }))
      const { code, got, expected } = app.logger.lines.at(-1)?.fields as Record<string, unknown>
      const said = ['TOKEN_TOO_LONG', `${length} characters`, `at most ${limit} characters`]
      assert.deepEqual([code, got, expected], said)
    }
  })

  test('a text that is too long is refused before it is looked at', () => {
    assert.deepEqual(verdictOf('.'.repeat(2049), {}), refused)
    assert.deepEqual(verdictOf('x'.repeat(50_000_000), {}), refused)
  })
})

describe('the order of the checks', () => {
  const code = (token: string): string => verifierFor().refuse(token).code
  const forged = { key: OTHER_SECRET }

  test('a wrong header is named before a wrong signature', () => {
    assert.equal(code(mint(claims(), { ...forged, header: { alg: 'none' } })), 'TOKEN_ALGORITHM')
    assert.equal(code(mint(claims(), { ...forged, header: { typ: 'x' } })), 'TOKEN_TYPE')
    assert.equal(code(mint(claims(), { ...forged, header: { crit: ['x'] } })), 'TOKEN_CRITICAL_HEADER')
  })

  test('a foreign issuer is named before a wrong signature: no key is looked up for its token', () => {
    const { refuse } = verifierFor({ issuer: 'https://issuer.example/' })
    assert.equal(refuse(mint(claims({ iss: 'https://foreign.example/' }), forged)).code, 'TOKEN_ISSUER')
  })

  test('what a token claims is not judged before its signature: strangers learn nothing', () => {
    for (const others of [{ aud: 'x' }, { sub: 5 }, { exp: 5 }, { nbf: NOW + 60 }, { typ: 'access' }])
      assert.equal(code(mint(claims(others), forged)), 'TOKEN_SIGNATURE')
    assert.equal(code(mint({}, forged)), 'TOKEN_SIGNATURE')
  })

  test('a wrong audience is named before a wrong date', () => {
    assert.equal(code(mint(claims({ aud: 'x', exp: 5 }))), 'TOKEN_AUDIENCE_MISMATCH')
  })
})

describe('a remembered verdict', () => {
  for (const [what, options] of [
    ['with the cache', {}],
    ['with a cache of one token', { cache: { tokens: { max: 1 } } }],
    ['without a cache', { cache: { tokens: false } }],
  ] as const) {
    test(`has its dates checked on every use, ${what}`, () => {
      const { accept, refuse } = verifierFor(options)
      const token = mint(claims({ iat: NOW, nbf: NOW + 5, exp: NOW + 10 }))
      assert.equal(refuse(token, NOW).code, 'TOKEN_NOT_YET_VALID')
      for (const now of [NOW + 5, NOW + 7, NOW + 9.999]) assert.equal(accept(token, now).subject, '24601')
      assert.equal(refuse(token, NOW + 10).code, 'TOKEN_EXPIRED')
      assert.equal(refuse(token, NOW + 4).code, 'TOKEN_NOT_YET_VALID')
      assert.equal(refuse(token, NaN).code, 'TOKEN_EXPIRED')
      assert.equal(accept(token, NOW + 5).subject, '24601')
    })

    test(`grows older than maxTokenAgeSeconds, ${what}`, () => {
      const { accept, refuse } = verifierFor({ maxTokenAgeSeconds: 60, clockToleranceSeconds: 5, ...options })
      const token = mint(claims({ iat: NOW }))
      for (const now of [NOW, NOW + 64.9]) assert.equal(accept(token, now).subject, '24601')
      const { code, message } = refuse(token, NOW + 65)
      assert.equal(code, 'TOKEN_EXPIRED')
      assert.match(message, /: token is older than 60 seconds$/)
      const undated = refuse(mint(claims({ iat: undefined })))
      assert.equal(undated.code, 'TOKEN_DATE_INVALID')
      assert.match(undated.message, /: 'iat' is missing$/)
    })

    test(`is the first verdict, or like it, ${what}`, () => {
      const { accept } = verifierFor({ metadataFields: [{ name: 'name' }], ...options })
      const token = mint(claims({ iat: NOW, name: 'Jean Valjean' }))
      const first = accept(token)
      const second = accept(token)
      assert.deepEqual(second, first)
      assert.equal(second === first, !('cache' in options) || options.cache.tokens !== false)
    })
  }

  test('has data that cannot be changed by whoever got it', () => {
    const { accept } = verifierFor({ metadataFields: [{ name: 'roles' }] })
    const token = mint(claims({ roles: [{ name: 'user' }] }))
    const { data } = accept(token)
    const [role] = data.roles as { name: string }[]
    assert(role)
    for (const part of [data, data.roles, role]) assert.ok(Object.isFrozen(part))
    assert.throws(() => (role.name = 'admin'), TypeError)
    assert.deepEqual(accept(token).data, { roles: [{ name: 'user' }] })
  })

  test('cannot be changed by the creation hook, which gets its claims', async (t) => {
    let got: Claims = {}
    const autoCreateUser: UserCreationHook = (_user, context) => {
      got = context.claims
    }
    const app = await startApp(t, { autoCreateUser })
    const token = mint(claims({ exp: NOW + 10, roles: [{ name: 'user' }] }))
    assert.equal((await app.me(token)).status, 200)
    assert.equal(got.exp, NOW + 10)
    for (const part of [got, got.roles, (got.roles as unknown[])[0]]) assert.ok(Object.isFrozen(part))
    assert.throws(() => Object.assign(got, { exp: NOW + 1000 }), TypeError)
    app.clock.advance(10)
    assert.equal((await app.me(token)).body.error, 'invalid custom auth token: token is expired')
  })

  test('is never given to another token (CVE-2026-35039: two tokens, one cache key)', () => {
    const { accept, refuse } = verifierFor()
    const jean = mint(claims({ sub: 'jean' }))
    const cosette = mint(claims({ sub: 'cosette' }))
    assert.equal(accept(jean).subject, 'jean')
    assert.equal(accept(cosette).subject, 'cosette')
    const [header = '', payload = '', signature = ''] = jean.split('.')
    const [, otherPayload = '', otherSignature = ''] = cosette.split('.')
    for (const mixed of [
      [header, payload, otherSignature],
      [header, otherPayload, signature],
    ])
      assert.equal(refuse(mixed.join('.')).code, 'TOKEN_SIGNATURE')
    assert.equal(refuse(`${jean}.`).code, 'TOKEN_SEGMENTS')
  })
})

describe('keys', () => {
  const secret = (text: string): VerificationKey => ({
    algorithm: 'HS256',
    key: createSecretKey(Buffer.from(text)),
  })
  const [good, other] = [secret(SECRET), secret(OTHER_SECRET)]
  const rsa: VerificationKey = { algorithm: 'RS256', key: rsaKeys().publicKey }
  const forged = mint(claims(), { key: OTHER_SECRET })

  test('that come late are asked for once, and every check is made all the same', async () => {
    let asked = 0
    let served = good
    const { verify } = verifierFor({}, () => {
      asked += 1
      return Promise.resolve([served])
    })
    const verdictOn = async (token: string) => verify(token, NOW)
    assert.equal((await verdictOn(mint())).subject, '24601')
    await assert.rejects(verdictOn(forged), { code: 'TOKEN_SIGNATURE' })
    await assert.rejects(verdictOn(mint(claims({ exp: 5 }))), { code: 'TOKEN_EXPIRED' })
    served = rsa
    await assert.rejects(verdictOn(forged), { code: 'TOKEN_ALGORITHM' })
    assert.equal(asked, 4)
  })

  test('that are withdrawn take remembered tokens with them', () => {
    let served = good
    const { accept, refuse } = verifierFor({}, () => [served])
    assert.equal(accept(mint()).key, good)
    served = other
    assert.equal(refuse(mint()).code, 'TOKEN_SIGNATURE')
    served = secret(SECRET)
    assert.equal(accept(mint()).key, served)
  })

  test('of another algorithm than the token’s are passed over, and named when there are no others', () => {
    const sayOf = (keys: readonly VerificationKey[], token: string) => {
      const { code, detail } = verifierFor({}, () => keys).refuse(token)
      return [code, detail?.expected, detail?.got, detail?.fix?.slice(0, 46)]
    }
    assert.equal(verifierFor({}, () => [rsa, good]).accept(mint()).key, good)
    assert.deepEqual(sayOf([rsa], mint()), [
      'TOKEN_ALGORITHM',
      'made with the one key',
      'made for another algorithm',
      'Have the issuer sign with RS256, which the key',
    ])
    assert.deepEqual(sayOf([rsa, good], forged), [
      'TOKEN_SIGNATURE',
      'made with one of 2 keys',
      'made with another key',
      'auth.explain(token) checks for the usual mista',
    ])
  })
})

describe('a good token, changed', () => {
  const { privateKey, publicPem } = rsaKeys()
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const kinds = [
    { name: 'HS256', token: mint(), options: { signingKeys: [SECRET] } },
    {
      name: 'RS256',
      token: mint(claims(), { key: privateKey }),
      options: { signingAlgorithm: 'RS256', signingKeys: [publicPem] },
    },
  ]

  for (const { name, token, options } of kinds) {
    const { accept, refuse } = verifierFor(options)
    const codes = new Set([
      'TOKEN_SEGMENTS',
      'TOKEN_MALFORMED',
      'TOKEN_ALGORITHM',
      'TOKEN_TYPE',
      'TOKEN_SIGNATURE',
    ])

    /** Refuses all of the texts, each of which differs from the token. */
    const refuseAll = (texts: readonly string[]): void => {
      assert.equal(accept(token).subject, '24601')
      for (const text of texts) {
        assert.notEqual(text, token)
        const { code } = refuse(text)
        assert.ok(codes.has(code), code)
      }
      assert.equal(accept(token).subject, '24601')
    }
    const everywhere = (change: (before: string, character: string, after: string) => string[]): string[] =>
      Array.from(token).flatMap((character, index) =>
        change(token.slice(0, index), character, token.slice(index + 1)),
      )

    test(`${name}: in any one character, it is refused`, () => {
      refuseAll(
        everywhere((before, character, after) => {
          const next = ALPHABET[(ALPHABET.indexOf(character) + 1) % 64] ?? ''
          const far = ALPHABET[(ALPHABET.indexOf(character) + 32) % 64] ?? ''
          return [next, far, '.', '=', ' ', '\u0442']
            .filter((other) => other !== character)
            .map((other) => before + other + after)
        }),
      )
    })

    test(`${name}: in any one character of upper or lower case, it is refused`, () => {
      const swap = (text: string): string =>
        text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase()
      refuseAll(
        everywhere((before, character, after) =>
          swap(character) === character ? [] : [before + swap(character) + after],
        ),
      )
    })

    test(`${name}: with any one character left out, doubled, or changed with the next, it is refused`, () => {
      refuseAll(
        everywhere((before, character, after) =>
          [
            before + after,
            before + character + character + after,
            before + (after[0] ?? '') + character + after.slice(1),
          ].filter((text) => text !== token),
        ),
      )
    })

    // The last character of a 256-byte signature holds four bits that nobody reads: jsonwebtoken alone takes 15 other
    // characters there (LESSONS 8). Here one token has one text.
    test(`${name}: with any other last character, it is refused`, () => {
      const last = token.at(-1)
      refuseAll(
        Array.from(ALPHABET)
          .filter((other) => other !== last)
          .map((other) => token.slice(0, -1) + other),
      )
    })

    test(`${name}: cut short anywhere, or made longer, it is refused`, () => {
      refuseAll(everywhere((before) => [before]))
      refuseAll(
        Array.from(ALPHABET).flatMap((end) => [token + end, token + end + end, token + end.repeat(4)]),
      )
    })
  }

  test('the App ID, for which all these tokens were made, is the audience', () => {
    assert.equal(verifierFor().accept(mint()).claims.aud, APP_ID)
  })
})
