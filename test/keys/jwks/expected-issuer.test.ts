// Whose tokens these are, and what else they have to say: judged through a listening app.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { ErrorCode } from 'custom-jwt-auth'
import { startApp, type TestApp } from '../../support/app.js'
import { rotatingIssuer, type RotatingIssuer } from '../../support/rotating-issuer.js'
import { answerWith, jwksOf, startIssuer } from '../../support/scripted-issuer.js'
import { APP_ID, claims, mint, rsaKeys } from '../../support/tokens.js'

const ISSUER = 'https://issuer.example.com/'

interface Parties extends TestApp {
  readonly issuer: RotatingIssuer
  /** What becomes of a token with these claims besides good ones. */
  readonly verdict: (claims: object) => Promise<'accepted' | ErrorCode | undefined>
}

async function start(t: TestContext, options: object): Promise<Parties> {
  const issuer = await rotatingIssuer(t)
  const app = await startApp(t, { jwkUri: issuer.jwkUri, ...options })
  return Object.assign(app, {
    issuer,
    async verdict(others: object) {
      const { status } = await app.me(issuer.token({ claims: others }))
      return status === 200 ? ('accepted' as const) : app.lastCode()
    },
  })
}

describe('issuer', () => {
  test('is matched exactly', async (t) => {
    const { verdict } = await start(t, { issuer: ISSUER })
    assert.equal(await verdict({ iss: ISSUER }), 'accepted')
    for (const iss of [
      'https://issuer.example.com',
      'https://issuer.example.com//',
      'https://ISSUER.example.com/',
      ` ${ISSUER}`,
      'https://issuer.example.com/x',
      'https://issuer.example.com.evil.example/',
      '',
      null,
      5,
      [ISSUER],
      { [ISSUER]: true },
      undefined,
    ])
      assert.equal(await verdict({ iss }), 'TOKEN_ISSUER', JSON.stringify(iss))
  })

  test('may be one of a list', async (t) => {
    const { verdict } = await start(t, { issuer: ['https://a.example', 'https://b.example'] })
    assert.equal(await verdict({ iss: 'https://a.example' }), 'accepted')
    assert.equal(await verdict({ iss: 'https://b.example' }), 'accepted')
    assert.equal(await verdict({ iss: 'https://a.example,https://b.example' }), 'TOKEN_ISSUER')
    assert.equal(await verdict({ iss: ['https://a.example'] }), 'TOKEN_ISSUER')
  })

  test('with a comma in it is one issuer', async (t) => {
    const { verdict } = await start(t, { issuer: 'https://a.example/?x=1,2' })
    assert.equal(await verdict({ iss: 'https://a.example/?x=1,2' }), 'accepted')
    assert.equal(await verdict({ iss: 'https://a.example/?x=1' }), 'TOKEN_ISSUER')
  })

  test('without the option any is accepted that has the keys', async (t) => {
    const { verdict } = await start(t, {})
    for (const iss of ['https://a.example', undefined, 5]) assert.equal(await verdict({ iss }), 'accepted')
  })

  test('of a foreign token is reason enough to refuse it: the issuer is not asked, nor told of', async (t) => {
    const { issuer, me, lastCode } = await start(t, { issuer: ISSUER })
    const foreign = (index: number) =>
      mint(claims({ iss: 'https://foreign.example' }), {
        key: rsaKeys('foreign').privateKey,
        header: { kid: `foreign-${String(index)}` },
      })
    for (let index = 0; index < 20; index += 1) {
      assert.equal((await me(foreign(index))).status, 401)
      assert.equal(lastCode(), 'TOKEN_ISSUER')
    }
    assert.equal(issuer.fetches, 0)
  })

  test('is what discover says, and only discover', async (t) => {
    const provider = await startIssuer(t, (req, res) => {
      if (req.url === '/jwks') answerWith(jwksOf('key-1'))(req, res)
      else answerWith({ issuer: provider.url, jwks_uri: provider.jwkUri })(req, res)
    })
    const app = await startApp(t, { discover: provider.url })
    const signer = { key: rsaKeys('key-1').privateKey, header: { kid: 'key-1' } }
    assert.equal((await app.me(mint(claims({ iss: provider.url }), signer))).status, 200)
    for (const iss of [`${provider.url}/`, 'https://other.example', undefined]) {
      assert.equal((await app.me(mint(claims({ iss }), signer))).status, 401)
      assert.equal(app.lastCode(), 'TOKEN_ISSUER')
    }
    const other = await startApp(t, { discover: provider.url, issuer: 'https://other.example' })
    assert.equal((await other.me(mint(claims({ iss: 'https://other.example' }), signer))).status, 200)
  })

  test('is checked for static keys too', async (t) => {
    const app = await startApp(t, { issuer: ISSUER })
    assert.equal((await app.me(mint(claims({ iss: ISSUER })))).status, 200)
    assert.equal((await app.me(mint(claims({ iss: 'https://other.example' })))).status, 401)
    assert.equal(app.lastCode(), 'TOKEN_ISSUER')
  })

  test('explain() names it before the keys, and the small difference', async (t) => {
    const { auth, issuer } = await start(t, { issuer: ISSUER })
    const explain = async (options: Parameters<RotatingIssuer['token']>[0]) => {
      const { summary, checks } = await auth.explain(issuer.token(options))
      return { summary, fix: checks.find(({ name }) => name === 'iss')?.fix ?? '' }
    }
    const foreign = await explain({ claims: { iss: 'https://foreign.example' }, header: { kid: 'foreign' } })
    assert.match(
      foreign.summary,
      /^refused by iss: expected "https:\/\/issuer\.example\.com\/", got "https:\/\/foreign/,
    )
    assert.match(foreign.fix, /^Set issuer to what the issuer puts into iss/)
    const near = [
      ['https://issuer.example.com', 'a trailing slash'],
      ['https://issuer.example.COM/', 'upper and lower case'],
      [`${ISSUER} `, 'whitespace'],
    ]
    for (const [iss, difference = ''] of near)
      assert.equal(
        (await explain({ claims: { iss } })).fix,
        `The issuer differs by ${difference}: make them match`,
      )
  })
})

describe('requiredClaims', () => {
  test('are exact values, or one of several', async (t) => {
    const { verdict } = await start(t, {
      requiredClaims: {
        azp: 'my-client',
        token_use: ['access', 'api'],
        level: [1, 2],
        admin: false,
        'https://x/y': 'z',
      },
    })
    const good = { azp: 'my-client', token_use: 'api', level: 2, admin: false, 'https://x/y': 'z' }
    assert.equal(await verdict(good), 'accepted')
    assert.equal(await verdict({ ...good, token_use: 'access', level: 1 }), 'accepted')
    for (const wrong of [
      { azp: 'other-client' },
      { azp: 'My-Client' },
      { azp: undefined },
      { azp: ['my-client'] },
      { token_use: 'id' },
      { token_use: ['access'] },
      { level: '1' },
      { level: 3 },
      { admin: true },
      { admin: 'false' },
      { admin: null },
      { admin: 0 },
      { 'https://x/y': undefined },
    ])
      assert.equal(await verdict({ ...good, ...wrong }), 'TOKEN_CLAIM', JSON.stringify(wrong))
  })

  test('the refusal names the claim to the client, and both values to the log', async (t) => {
    const { me, issuer, logger } = await start(t, { requiredClaims: { azp: ['a', 'b'], ok: true } })
    const { status, body } = await me(issuer.token({ claims: { azp: 'c', ok: true } }))
    assert.equal(status, 401)
    assert.equal(body.error, "invalid custom auth token: 'azp' does not have the required value")
    assert.deepEqual(logger.lines.at(-1)?.fields, {
      code: 'TOKEN_CLAIM',
      status: 401,
      check: 'required claims',
      expected: 'azp: "a" or "b", ok: true',
      got: 'azp: "c", ok: true',
      fix: 'Send a token with another azp, or correct requiredClaims',
      method: 'GET',
      path: '/api/me',
    })
  })

  test('are looked at again on every request with a remembered token', async (t) => {
    const { me, issuer, lastCode } = await start(t, { requiredClaims: { azp: 'a' } })
    const good = issuer.token({ claims: { azp: 'a' } })
    for (let times = 0; times < 2; times += 1) assert.equal((await me(good)).status, 200)
    const bad = issuer.token({ claims: { azp: 'b' } })
    for (let times = 0; times < 2; times += 1) {
      assert.equal((await me(bad)).status, 401)
      assert.equal(lastCode(), 'TOKEN_CLAIM')
    }
  })

  test('that change later change nothing', async (t) => {
    const azp = ['a']
    const { verdict } = await start(t, { requiredClaims: { azp } })
    azp[0] = 'b'
    assert.equal(await verdict({ azp: 'a' }), 'accepted')
    assert.equal(await verdict({ azp: 'b' }), 'TOKEN_CLAIM')
  })
})

describe('audience: null', () => {
  test('takes tokens with any audience, a strange one, or none', async (t) => {
    const { verdict } = await start(t, { audience: null })
    for (const aud of [APP_ID, 'other', ['a', 'b'], undefined, null, 5, [], {}])
      assert.equal(await verdict({ aud }), 'accepted', JSON.stringify(aud))
  })

  test('has to be written down: undefined is refused at start-up, and absence means the app id', async (t) => {
    await assert.rejects(start(t, { audience: undefined }), { code: 'CONFIGURATION_INVALID' })
    const { verdict } = await start(t, {})
    assert.equal(await verdict({ aud: APP_ID }), 'accepted')
    assert.equal(await verdict({ aud: 'other' }), 'TOKEN_AUDIENCE_MISMATCH')
    assert.equal(await verdict({ aud: undefined }), 'TOKEN_AUDIENCE_INVALID')
  })
})

describe('subjectClaim', () => {
  test('names the claim with the user id; sub is then a claim like others', async (t) => {
    const { me, issuer } = await start(t, { subjectClaim: 'userId' })
    const { status, body } = await me(issuer.token({ claims: { sub: undefined, userId: 'u-1' } }))
    assert.equal(status, 200)
    assert.deepEqual(body.identities, [{ id: 'u-1', provider_type: 'custom-token', data: {} }])
  })

  test('is held to the rules of sub, and named in the refusal', async (t) => {
    const { verdict, me, issuer } = await start(t, { subjectClaim: 'userId' })
    for (const userId of [undefined, '', ' ', 5, null, ['u'], { $gt: '' }, '\ud800'])
      assert.equal(await verdict({ userId }), 'TOKEN_SUBJECT', JSON.stringify(userId))
    const { body } = await me(issuer.token())
    assert.equal(body.error, "invalid custom auth token: 'userId' must be a non-empty string")
  })

  test('of a name that all objects have is no subject', async (t) => {
    for (const subjectClaim of ['constructor', 'toString', '__proto__']) {
      const { verdict } = await start(t, { subjectClaim })
      assert.equal(await verdict({}), 'TOKEN_SUBJECT')
    }
  })
})
