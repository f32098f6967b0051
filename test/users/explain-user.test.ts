// What auth.explain says of the user is what the guard then answers: the same app, the same token.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from 'custom-jwt-auth'
import { startApp, type Options, type TestApp } from '../support/app.js'
import { claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'
import { wrapStore, type Verb } from '../support/wrapped-store.js'

const token = mint()
const ID = 'ab'.repeat(12)
const login = async (app: TestApp): Promise<string> => String((await app.loggedIn(token)).user_id)
const other = (app: TestApp) => app.loggedIn(mint(claims({ sub: 'javert' })))

/** A store that fails these verbs. */
function failing(...verbs: Verb[]): Store {
  return wrapStore((verb, call) => {
    if (verbs.includes(verb)) throw new Error('connect ECONNREFUSED')
    return call()
  })
}

interface Row {
  readonly what: string
  readonly options?: Options
  readonly before?: (app: TestApp) => Promise<unknown>
  /** What explain says: passed, refused, or undefined for what it cannot know. */
  readonly pass: boolean | undefined
  readonly got: RegExp
  readonly fix?: RegExp
  /** What the guard answers. */
  readonly status: number
  readonly code?: string
}

const rows: readonly Row[] = [
  { what: 'a user who is there', before: login, pass: true, got: /^user [0-9a-f]{24}$/, status: 200 },
  {
    what: 'a user who is there, without autoCreateUser',
    options: { autoCreateUser: false },
    before: login,
    ...{ pass: true, got: /^user [0-9a-f]{24}$/, status: 200 },
  },
  {
    what: 'a user who is disabled',
    before: async (app) => app.auth.users.disable(await login(app)),
    ...{
      pass: false,
      got: /^user [0-9a-f]{24}, who is disabled$/,
      fix: /auth\.users\.enable\('[0-9a-f]{24}'\)/,
    },
    ...{ status: 401, code: 'USER_DISABLED' },
  },
  { what: 'nobody, with autoCreateUser', pass: true, got: /^no user yet; autoCreateUser/, status: 200 },
  {
    what: 'nobody, without autoCreateUser',
    options: { autoCreateUser: false },
    ...{ pass: false, got: /^no user$/, fix: /^Set autoCreateUser, or have the user log in first/ },
    ...{ status: 401, code: 'USER_NOT_FOUND' },
  },
  {
    what: 'a user who was deleted, without autoCreateUser',
    options: { autoCreateUser: false },
    before: async (app) => app.auth.users.delete(await login(app)),
    ...{ pass: false, got: /^no user$/, status: 401, code: 'USER_NOT_FOUND' },
  },
  ...([200, 401] as const).map((status) => ({
    what: `nobody, and a creation hook that decides for ${status}`,
    options: {
      autoCreateUser() {
        if (status === 401) throw new Error('not from here')
      },
    },
    ...{ pass: undefined, got: /^no user yet$/, fix: /^The creation hook decides, and was not called$/ },
    ...{ status, ...(status === 401 && { code: 'USER_CREATION_REFUSED' }) },
  })),
  {
    what: 'nobody, and ids that come from the app',
    options: { generateUserId: () => ID },
    ...{ pass: true, got: /^no user yet/, status: 200 },
  },
  {
    what: "nobody, and an id from the app that is another user's",
    options: { generateUserId: () => ID },
    before: other,
    ...{
      pass: false,
      got: /the id (?:ab){12}, which another user has$/,
      fix: /a different id for each user$/,
    },
    ...{ status: 503, code: 'STORE_UNAVAILABLE' },
  },
  {
    what: "nobody, and an id of our own that is another user's, who unlinked the subject",
    async before(app) {
      const id = await login(app)
      await app.auth.users.link(id, { subject: 'javert' })
      await app.auth.users.unlink(id, { subject: '24601' })
    },
    ...{ pass: true, got: /^no user yet; autoCreateUser/, status: 200 },
  },
  {
    what: 'a subject that is blocked',
    before: (app) => app.auth.users.block({ subject: '24601' }),
    ...{ pass: false, got: /^an identity that is blocked$/, fix: /\.unblock\(\{ subject: "24601" \}\)$/ },
    ...{ status: 401, code: 'IDENTITY_BLOCKED' },
  },
  {
    what: 'nobody, and an app that has no id',
    options: {
      generateUserId({ subject }) {
        if (subject === '24601') throw new Error('no such member')
        return ID
      },
    },
    ...{ pass: undefined, got: /^no such member$/, status: 503, code: 'USER_ID_UNAVAILABLE' },
  },
  {
    what: 'a store that does not answer',
    options: { store: failing('findIdentity', 'signIn') },
    ...{ pass: undefined, got: /^connect ECONNREFUSED$/, status: 503, code: 'STORE_UNAVAILABLE' },
  },
  {
    what: 'a store that does not say whether an id from the app is free',
    options: { store: failing('findUser', 'signIn'), generateUserId: () => ID },
    ...{ pass: undefined, got: /^connect ECONNREFUSED$/, status: 503, code: 'STORE_UNAVAILABLE' },
  },
]

describe('explain says of the user what the guard answers:', () => {
  for (const { what, options, before, pass, got, fix, status, code } of rows)
    test(what, async (t) => {
      const app = await startApp(t, options)
      await before?.(app)
      const users = (await app.auth.users.list()).users
      const { ok, checks, summary, answer: told } = await app.auth.explain(token)
      assert.deepEqual((await app.auth.users.list()).users, users, 'it changes nothing')
      const check = checks.at(-1)
      assert.deepEqual([check?.name, check?.pass, ok], ['user', pass, pass === true])
      assert.match(check?.got ?? '', got)
      if (fix) assert.match(check?.fix ?? '', fix)
      assert.match(
        summary,
        pass ? /^accepted / : pass === false ? /^refused by user: / : /^could not check user: /,
      )

      const answer = await app.me(token)
      assert.equal(answer.status, status, answer.text)
      if (code !== undefined) assert.equal(app.lastCode(), code)
      // What a creation hook decides, nobody knows before.
      const isForHook = pass === undefined && fix !== undefined
      const { error, error_code } = answer.body
      assert.deepEqual(
        told && [told.status, told.code, told.error_code, told.message],
        status === 200 || isForHook ? undefined : [status, code, error_code, error],
      )
      const id = /^user ([0-9a-f]{24})/.exec(check?.got ?? '')?.[1]
      if (id !== undefined && status === 200) assert.equal(answer.body.id, id)
    })

  test('of two providers, the one whose token it is', async (t) => {
    const keys = { staff: SECRET, people: OTHER_SECRET }
    type Name = keyof typeof keys
    const provider = (name: Name) =>
      ({ issuer: `https://${name}`, signingAlgorithm: 'HS256', signingKeys: [keys[name]] }) as const
    const app = await startApp(t, { providers: { staff: provider('staff'), people: provider('people') } })
    const tokenOf = (name: Name) => mint(claims({ iss: `https://${name}` }), { key: keys[name] })
    const explained = async (name: Name) => (await app.auth.explain(tokenOf(name))).checks.at(-1)
    assert.equal((await app.me(tokenOf('staff'))).status, 200)
    await app.auth.users.block({ subject: '24601', provider: 'people' })
    const expected = (name: Name) => `a user with the identity custom-token "24601" of ${name}, not disabled`
    const [good, blocked] = [await explained('staff'), await explained('people')]
    assert.deepEqual([good?.pass, good?.expected], [true, expected('staff')])
    assert.deepEqual([blocked?.code, blocked?.expected], ['IDENTITY_BLOCKED', expected('people')])
    assert.match(blocked?.fix ?? '', /\.unblock\(\{ provider: "people", subject: "24601" \}\)$/)
  })

  test('the store is not asked when the user does not matter, or the token names nobody', async (t) => {
    const app = await startApp(t, { store: failing('findIdentity') })
    const names = async (...args: Parameters<typeof app.auth.explain>) =>
      (await app.auth.explain(...args)).checks.map(({ name }) => name)
    assert.ok(!(await names(token, { user: false })).includes('user'))
    assert.ok(!(await names(mint(claims({ sub: 5 })))).includes('user'))
  })
})
