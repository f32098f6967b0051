import assert from 'node:assert/strict'
import test from 'node:test'
import { ConfigurationError, memoryStore, type UserAccount } from 'custom-jwt-auth'
import { startApp, type TestApp } from '../support/app.js'
import { randomFrom } from '../support/random.js'
import { claims, mint, NOW } from '../support/tokens.js'
import { asyncStore, countingStore } from '../support/wrapped-store.js'

const NOBODY = 'ab'.repeat(12)

/** Logs in so many users, and returns their ids in order. */
async function manyUsers(app: TestApp, count: number): Promise<string[]> {
  const subjects = Array.from({ length: count }, (_, index) => `user ${index}`)
  const logins = await Promise.all(subjects.map((sub) => app.loggedIn(mint(claims({ sub })))))
  return logins.map(({ user_id: id }) => id).sort()
}

async function pages(app: TestApp, limit: number): Promise<UserAccount[][]> {
  const all: UserAccount[][] = []
  let after: string | undefined
  do {
    const { users, next } = await app.auth.users.list({ limit, after })
    all.push(users)
    after = next
  } while (after !== undefined)
  return all
}

test('get() returns the record of a user with its merged data, or nothing', async (t) => {
  const app = await startApp(t, { metadataFields: [{ name: 'name' }], customData: () => ({ color: 'red' }) })
  const { user_id: id } = await app.loggedIn(mint(claims({ name: 'Jean' })))
  assert.deepEqual(await app.auth.users.get(id), {
    id,
    type: 'normal',
    data: { name: 'Jean' },
    identities: [{ id: '24601', provider_type: 'custom-token', data: { name: 'Jean' } }],
    creation_date: NOW,
    last_authentication_date: NOW,
    disabled: false,
  })
  for (const other of [NOBODY, '', '__proto__', id.toUpperCase()])
    assert.equal(await app.auth.users.get(other), undefined)
})

test('find() is whom a subject signs in, and link() gives one more', async (t) => {
  const app = await startApp(t, {
    metadataFields: [{ name: 'name' }, { name: 'city' }],
    maxIdentities: 2,
  })
  const { users } = app.auth
  // As old as a token can be: a link by hand is older.
  const jean = mint(claims({ name: 'Jean', city: 'Digne', iat: 0 }))
  const madeleine = mint(claims({ sub: 'madeleine', city: 'Montreuil' }))
  const { user_id: id } = await app.loggedIn(jean)
  assert.equal((await app.me(jean)).body.id, id)
  assert.deepEqual(await users.find({ subject: '24601' }), await users.get(id))
  // An identity that a user has is named by its own fields, the absent one too.
  const [own = assert.fail('it has none')] = (await users.get(id))?.identities ?? []
  const named = { subject: own.id, provider: own.provider_id, providerType: own.provider_type }
  assert.equal((await users.find(named))?.id, id)
  for (const nobody of [{ subject: 'madeleine' }, { subject: '24601', provider: 'local-userpass' }])
    assert.equal(await users.find(nobody), undefined)

  const linked = await users.link(id, { subject: 'madeleine' })
  assert.deepEqual(
    linked.identities.map((identity) => identity.id),
    ['24601', 'madeleine'],
  )
  assert.deepEqual(await users.find({ subject: 'madeleine' }), await users.get(id))
  assert.equal((await app.me(madeleine)).body.id, id)
  // What was cached before has the new identity at once, and linking again takes no data away.
  assert.equal(((await app.me(jean)).body.identities as unknown[]).length, 2)
  assert.deepEqual((await users.link(id, { subject: '24601' })).data, { name: 'Jean', city: 'Montreuil' })

  const { user_id: other } = await app.loggedIn(mint(claims({ sub: 'javert' })))
  const refusals: [id: string, subject: string, code: string][] = [
    [other, 'madeleine', 'IDENTITY_TAKEN'],
    [id, 'javert', 'IDENTITY_TAKEN'],
    [id, 'fauchelevent', 'IDENTITY_LIMIT'],
    [NOBODY, 'fauchelevent', 'USER_NOT_FOUND'],
    [NOBODY, 'madeleine', 'USER_NOT_FOUND'],
  ]
  for (const [user, subject, code] of refusals)
    await assert.rejects(users.link(user, { subject }), { code }, `${subject} to ${user}`)
  assert.equal(await users.find({ subject: 'fauchelevent' }), undefined)
})

test('a subject or provider that is not a text is a mistake of the app, not somebody', async (t) => {
  const app = await startApp(t)
  const { user_id: id } = await app.loggedIn()
  for (const given of [
    {},
    { subject: '' },
    { subject: 24601 },
    { subject: 'a', provider: 5 },
    { sub: 'a' },
    '24601',
  ]) {
    const identity = given as unknown as { subject: string }
    await assert.rejects(app.auth.users.find(identity), ConfigurationError)
    await assert.rejects(app.auth.users.link(id, identity), ConfigurationError)
    await assert.rejects(app.auth.users.unlink(id, identity), ConfigurationError)
  }
})

test('changing what get() and list() return changes no user', async (t) => {
  const app = await startApp(t, { metadataFields: [{ name: 'name' }] })
  const { user_id: id } = await app.loggedIn(mint(claims({ name: 'Jean' })))
  const before = await app.auth.users.get(id)
  for (const account of [await app.auth.users.get(id), (await app.auth.users.list()).users[0]]) {
    assert.ok(account)
    Object.assign(account, { disabled: true, id: NOBODY })
    assert.throws(() => (account.identities as unknown as object[]).push({}), TypeError)
    assert.throws(() => Object.assign(account.identities[0]?.data ?? {}, { name: 'x' }), TypeError)
  }
  assert.deepEqual(await app.auth.users.get(id), before)
  assert.equal((await app.me(mint(claims({ name: 'Jean' })))).status, 200)
})

test('list() returns every user once, by ascending id, in pages of any size', async (t) => {
  for (const store of [memoryStore(), asyncStore()]) {
    const app = await startApp(t, { store })
    assert.deepEqual(await app.auth.users.list(), { users: [] })
    const ids = await manyUsers(app, 23)
    for (const limit of [1, 2, 7, 22, 23, 24, 1000]) {
      const all = await pages(app, limit)
      assert.deepEqual(
        all.flat().map(({ id }) => id),
        ids,
        `limit ${limit}`,
      )
      for (const page of all.slice(0, -1)) assert.equal(page.length, limit)
      assert.equal(all.length, limit > 23 ? 1 : Math.floor(23 / limit) + 1)
    }
  }
})

test('list() keeps its place while users come and go between the pages', async (t) => {
  const random = randomFrom(11)
  const app = await startApp(t)
  const ids = await manyUsers(app, 40)
  const gone = new Set<string>()
  const seen: string[] = []
  let after: string | undefined
  do {
    const { users, next } = await app.auth.users.list({ limit: 5, after })
    seen.push(...users.map(({ id }) => id))
    after = next
    const victim = ids[Math.floor(random() * ids.length)] ?? ''
    if (await app.auth.users.delete(victim)) gone.add(victim)
  } while (after !== undefined)
  assert.deepEqual(seen, [...new Set(seen)].sort())
  for (const id of ids) assert.ok(seen.includes(id) || gone.has(id))
})

test('list() has pages of 100 unless told otherwise', async (t) => {
  const app = await startApp(t)
  await manyUsers(app, 101)
  const { users, next } = await app.auth.users.list()
  assert.equal(users.length, 100)
  assert.equal(next, users[99]?.id)
  assert.equal((await app.auth.users.list({ after: undefined })).users.length, 100)
})

test('list() refuses a limit outside of 1 to 1000, and what is not the next of a page', async (t) => {
  const { auth } = await startApp(t)
  const pages = [
    ...[0, -1, 1001, 1.5, Number.NaN, Infinity, '10'].map((limit) => ({ limit })),
    ...[null, '', 1, {}].map((after) => ({ after })),
  ] as object[]
  for (const page of pages)
    await assert.rejects(auth.users.list(page), (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.deepEqual(
        error.problems.map(({ option }) => option),
        Object.keys(page).map((name) => `users.list.${name}`),
      )
      return true
    })
})

test('every change says whether there was such a user', async (t) => {
  const { store, calls } = countingStore()
  const app = await startApp(t, { store })
  const { users } = app.auth
  for (const change of ['disable', 'enable', 'delete'] as const)
    assert.equal(await users[change]({ subject: 'nobody' }), false)
  assert.deepEqual(calls, Array(3).fill('findIdentity'), 'nobody is changed')
  const { user_id: id } = await app.loggedIn()
  await app.loggedIn()
  for (const nobody of [NOBODY, '', '__proto__']) {
    assert.equal(await users.disable(nobody), false)
    assert.equal(await users.enable(nobody), false)
    assert.equal(await users.delete(nobody), false)
    assert.equal(await users.revokeSessions(nobody), 0)
  }
  assert.equal(await users.revokeSessions(id), 2)
  assert.equal(await users.revokeSessions(id), 0)
  assert.equal(await users.disable(id), true)
  assert.equal(await users.disable(id), true)
  assert.equal((await users.get(id))?.disabled, true)
  assert.equal(await users.enable(id), true)
  assert.equal((await users.get(id))?.disabled, false)
  assert.equal(await users.delete(id), true)
  assert.equal(await users.delete(id), false)
  assert.equal(await users.enable(id), false)
})

test('a change concerns the one user alone', async (t) => {
  const app = await startApp(t)
  const [victim, other] = [await app.loggedIn(), await app.loggedIn(mint(claims({ sub: 'other' })))]
  const { users } = app.auth
  for (const change of ['revokeSessions', 'disable', 'delete'] as const) {
    await users[change](victim.user_id)
    assert.equal((await app.meBearer(other.access_token)).status, 200)
    assert.equal((await app.bearer('POST', '/api/client/v2.0/auth/session', other.refresh_token)).status, 201)
    assert.equal((await app.me(mint(claims({ sub: 'other' })))).status, 200)
  }
})

test('revoking the sessions leaves third-party tokens and new logins alone', async (t) => {
  const app = await startApp(t)
  const { user_id: id, access_token: access } = await app.loggedIn()
  assert.equal(await app.auth.users.revokeSessions(id), 1)
  assert.equal((await app.meBearer(access)).status, 401)
  assert.equal((await app.me(mint())).status, 200)
  assert.equal((await app.meBearer((await app.loggedIn()).access_token)).status, 200)
})

test('a disabled user stays disabled, whatever the user tries', async (t) => {
  const app = await startApp(t)
  const { user_id: id } = await app.loggedIn()
  await app.auth.users.disable(id)
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await app.me(mint(claims({ jti: String(count) })))).status, 401)
    assert.equal(app.lastCode(), 'USER_DISABLED')
    assert.equal((await app.login(mint(claims({ jti: String(count) })))).status, 401)
    assert.equal(app.lastCode(), 'USER_DISABLED')
  }
  const user = await app.auth.users.get(id)
  assert.deepEqual([user?.disabled, user?.last_authentication_date], [true, NOW])
})
