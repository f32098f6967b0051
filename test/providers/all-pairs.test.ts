// Whose token it is, decided by all of it together: every mixture of the parts of four providers' tokens, refused.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createTestIssuer, type TestIssuer } from 'custom-jwt-auth/testing'
import { startApp, type Options } from '../support/app.js'
import { testClock } from '../support/clock.js'
import { claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'

const clock = testClock()
const NAMES = ['a', 'b', 'c', 'd'] as const
type Name = (typeof NAMES)[number]
const SECRETS: Partial<Record<Name, string>> = { a: SECRET, b: OTHER_SECRET }
/** Of those with a key set. */
const sets = {} as Record<'c' | 'd', TestIssuer>
/** Half of them with a slash at the end. */
const issuerOf = (name: Name): string => `https://${name}.example${name in SECRETS ? '/' : ''}`

before(async () => {
  for (const name of ['c', 'd'] as const) sets[name] = await createTestIssuer({ clock })
})
after(() => Promise.all(Object.values(sets).map((issuer) => issuer.close())))

const kidOf = (name: Name): string => (name === 'c' || name === 'd' ? (sets[name].kids[0] ?? '') : name)

function optionsOf(name: Name): object {
  const rules = { issuer: issuerOf(name), audience: `audience ${name}` }
  if (name === 'c' || name === 'd') return { ...rules, jwkUri: sets[name].jwkUri }
  return { ...rules, signingAlgorithm: 'HS256', signingKeys: [{ key: SECRETS[name], kid: kidOf(name) }] }
}

interface Parts {
  readonly key: Name
  readonly iss: Name
  readonly aud: Name
  readonly kid: Name | undefined
}

const mixtures: readonly Parts[] = NAMES.flatMap((key) =>
  NAMES.flatMap((iss) =>
    NAMES.flatMap((aud) => [...NAMES, undefined].map((kid) => ({ key, iss, aud, kid }))),
  ),
)

function tokenOf({ key, iss, aud, kid }: Parts): string {
  const payload = claims({ iss: issuerOf(iss), aud: `audience ${aud}` }) as Record<string, unknown>
  const header = { kid: kid && kidOf(kid) }
  if (key === 'c' || key === 'd') return sets[key].mint(payload, { header })
  return mint(payload, { key: SECRETS[key] ?? '', header })
}

/** A shared secret may be used without its kid, a key set may not. */
const isOwn = ({ key, iss, aud, kid = key in SECRETS ? key : undefined }: Parts): boolean =>
  key === iss && key === aud && key === kid

const ways: readonly [how: string, providers: () => unknown][] = [
  ['as an object', () => Object.fromEntries(NAMES.map((name) => [name, optionsOf(name)]))],
  [
    'as a function',
    () => (iss: string) => {
      const name = NAMES.find((one) => issuerOf(one) === iss)
      return name && optionsOf(name)
    },
  ],
]

for (const [how, providers] of ways)
  describe(`providers ${how}`, () => {
    it('let in their own tokens alone, of all mixtures of key, iss, audience and kid', async (t) => {
      const { me } = await startApp(t, { clock, providers: providers() } as unknown as Options)
      const own = mixtures.filter(isOwn)
      assert.equal(own.length, 6)
      const letIn = async () => {
        for (const parts of own) assert.equal((await me(tokenOf(parts))).status, 200, JSON.stringify(parts))
      }
      await letIn()
      for (const parts of mixtures.filter((one) => !isOwn(one)))
        assert.equal((await me(tokenOf(parts))).status, 401, JSON.stringify(parts))
      await letIn() // what is remembered, too
    })

    const wrong: readonly [what: string, iss: unknown][] = [
      ['no iss', undefined],
      ['a list of its iss', [issuerOf('a')]],
      ['a list of two', [issuerOf('a'), issuerOf('b')]],
      ['a number', 1],
      ['null', null],
      ['an object', { toString: issuerOf('a') }],
      ['an empty text', ''],
      ['a name that objects have', 'constructor'],
      ['a slash less', issuerOf('a').slice(0, -1)],
      ['a slash more', `${issuerOf('a')}/`],
      ['another case', issuerOf('a').toUpperCase()],
      ['a space more', `${issuerOf('a')} `],
    ]
    it('refuse what is not exactly the issuer of one of them', async (t) => {
      const { me, lastCode } = await startApp(t, { clock, providers: providers() } as unknown as Options)
      for (const [what, iss] of wrong) {
        assert.equal((await me(mint(claims({ iss, aud: 'audience a' })))).status, 401, what)
        assert.equal(lastCode(), 'TOKEN_ISSUER', what)
      }
    })

    it('have explain name the slash that an issuer differs by', async (t) => {
      const { auth } = await startApp(t, { clock, providers: providers() } as unknown as Options)
      for (const iss of [issuerOf('a').slice(0, -1), `${issuerOf('c')}/`]) {
        const { ok, summary } = await auth.explain(mint(claims({ iss, aud: 'audience a' })))
        assert.equal(ok, false)
        assert.match(summary, /slash/)
      }
    })
  })
