import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { ConfigurationError, customJwtAuth, memoryStore, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { startApp, type Options } from '../support/app.js'
import { eventually } from '../support/eventually.js'
import { APP_ID, claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'

const A = 'https://a.example/'
const B = 'https://b.example/'
const THIRD = SECRET.replaceAll('1', '4')
const provider = (issuer: string, key: string, others: object = {}) => ({
  issuer,
  signingAlgorithm: 'HS256',
  signingKeys: [key],
  ...others,
})
const two = { a: provider(A, SECRET), b: provider(B, OTHER_SECRET, { audience: 'b' }) }
const several = (providers: unknown, others: object = {}): Options =>
  ({ providers, ...others }) as unknown as Options

/** startApp adds keys of its own, which a guard with providers has not. */
const start = (t: Parameters<typeof startApp>[0], providers: unknown, others: object = {}) =>
  startApp(t, several(providers, others))

const problemsOf = (options: object) => {
  try {
    customJwtAuth({ appId: APP_ID, ...options } as unknown as CustomJwtAuthOptions)
  } catch (error) {
    assert(error instanceof ConfigurationError)
    return error.problems.map(({ option, problem }) => `${option}: ${problem}`).join('\n')
  }
  return ''
}

describe('providers as an object', () => {
  it('lets in each provider what its own rules let in, and names it', async (t) => {
    const { me, auth, seen } = await start(t, two)
    const ofA = mint(claims({ iss: A }))
    const ofB = mint(claims({ iss: B, aud: 'b' }), { key: OTHER_SECRET })
    for (const token of [ofA, ofB, ofA]) assert.equal((await me(token)).status, 200)
    assert.equal(seen.length, 3)
    assert.equal((await auth.explain(ofB)).provider, 'b')
  })

  const mistakes: readonly [what: string, options: object, message: RegExp][] = [
    [
      'flat options beside it',
      { providers: two, jwkUri: 'https://a.example' },
      /providers: is set together with jwkUri/,
    ],
    ['none', { providers: {} }, /providers: is empty/],
    ['an array', { providers: [] }, /providers: is an array/],
    ['a bad name', { providers: { 'a b': two.a } }, /has the invalid name "a b"/],
    [
      '__proto__',
      { providers: JSON.parse(`{"__proto__":${JSON.stringify(two.a)}}`) as object },
      /has the invalid name "__proto__"/,
    ],
    [
      'one issuer twice',
      { providers: { a: two.a, b: { ...two.b, issuer: A } } },
      /providers.b.issuer: is also the issuer of providers.a/,
    ],
    [
      'no issuer',
      { providers: { a: two.a, b: { signingAlgorithm: 'HS256', signingKeys: [OTHER_SECRET] } } },
      /providers.b.issuer: is not set/,
    ],
    [
      'one secret twice',
      { providers: { a: two.a, b: { ...two.b, signingKeys: [SECRET] } } },
      /providers.b.signingKeys: share a secret/,
    ],
    [
      'a mistake within',
      { providers: { a: two.a, b: { issuer: B, jwkUri: 'ftp://x' } } },
      /providers.b.jwkUri: is not an https URL/,
    ],
    ['undefined', { providers: { a: undefined } }, /providers.a: is undefined/],
  ]
  for (const [what, options, message] of mistakes)
    it(`fails at start-up for ${what}`, () => {
      assert.match(problemsOf(options), message)
    })
})

describe('a store of two guards', () => {
  it('refuses two issuers without names, and one name for two', () => {
    const store = memoryStore()
    const guard = (options: object) => problemsOf({ store, ...options })
    assert.equal(guard(provider(A, SECRET)), '')
    assert.equal(guard(provider(A, SECRET, { credentialsRequired: false })), '')
    assert.match(guard(provider(B, OTHER_SECRET)), /store: holds the users of another issuer/)
    assert.equal(guard({ providers: two }), '')
    assert.match(guard({ providers: { a: provider('https://c.example', THIRD) } }), /another issuer named a:/)
  })
})

describe('providers as a function', () => {
  it('tells once of many requests and many issuers that it fails for', async (t) => {
    let fail = (): void => undefined
    const down = new Promise((_, reject) => {
      fail = () => {
        reject(new Error('the database is down'))
      }
    })
    let questions = 0
    const { me, clock, logger } = await start(t, () => {
      questions += 1
      return down
    })
    const ask = (iss: string) => me(mint(claims({ iss })))
    const first = Array.from({ length: 20 }, (_, index) => ask(index < 10 ? A : `https://x${index}`))
    await eventually(() => questions === 7)
    fail()
    for (const answer of await Promise.all(first)) assert.equal(answer.status, 503)
    assert.equal((await ask(A)).status, 503)
    clock.advance(6)
    assert.equal((await ask(B)).status, 503)
    const told = logger.lines.filter(({ level }) => level === 'error')
    assert.deepEqual(
      told.map(({ fields }) => (fields as { count?: number }).count),
      [1, 21],
    )
    assert.match(inspect(told), /the database is down/)
  })

  const failures: readonly [what: string, find: (iss: string) => unknown, iss?: string][] = [
    ['throws', () => assert.fail('the database is down')],
    ['rejects', () => Promise.reject(new Error('the database is down'))],
    ['returns nonsense', () => ({ jwkUri: 1 })],
    ['returns promises that reject', () => ({ jwkUri: Promise.reject(new Error('away')) })],
    ['returns no name for what could be one', (iss) => provider(iss, SECRET), 'acme'],
    ['returns a list', () => []],
    ['returns another issuer', () => provider(B, SECRET)],
    ['hangs', () => new Promise(() => undefined)],
  ]
  for (const [what, find, iss = A] of failures)
    it(`answers 503 when it ${what}`, async (t) => {
      const { me, logger } = await start(t, find, { timeoutSeconds: 1 })
      assert.equal((await me(mint(claims({ iss })))).status, 503)
      assert.equal(logger.lastCode(), 'PROVIDERS_UNAVAILABLE')
    })
})
