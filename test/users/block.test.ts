// Who is blocked is refused on every path: on every store, at two processes' guards.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { ConfigurationError, memoryStore } from 'custom-jwt-auth'
import { LOGIN, SESSION, startApp, type Options, type TestApp } from '../support/app.js'
import { claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'
import { twoProcesses } from '../stores/two-processes.js'

const token = (sub: string): string => mint(claims({ sub }))
const own = token('24601')
const person = { subject: '24601' }

async function assertBlocked(app: TestApp, jwt = own): Promise<void> {
  for (const answer of [await app.me(jwt), await app.login(jwt)]) {
    assert.deepEqual([answer.status, answer.body.error_code], [401, 'UserDisabled'], answer.text)
    assert.equal(app.lastCode(), 'IDENTITY_BLOCKED')
  }
}

for (const { name, skip, open } of twoProcesses)
  describe(`with ${name}`, { skip }, () => {
    async function start(t: TestContext, options: Options = {}) {
      const [here, there] = open(t)
      const app = await startApp(t, { store: here, ...options })
      const other = await startApp(t, { store: there, ...options })
      return { app, other, users: app.auth.users }
    }

    test('who has not come yet is kept out, with and without a creation hook, until unblock', async (t) => {
      for (const autoCreateUser of [true, () => assert.fail('the hook is not asked')]) {
        const { app, other, users } = await start(t, { autoCreateUser })
        await users.block(person)
        await users.block(person)
        for (const each of [app, other]) await assertBlocked(each)
        assert.equal(await users.isBlocked(person), true)
        assert.equal(await users.find(person), undefined)
        const explained = (await app.auth.explain(own)).answer
        assert.deepEqual([explained?.code, explained?.status], ['IDENTITY_BLOCKED', 401])
        assert.deepEqual((await users.list()).users, [])
        assert.equal((await app.auth.explain(token('another'))).ok, autoCreateUser === true)
        assert.equal(await users.unblock(person), true)
        assert.equal(await users.unblock(person), false)
        if (autoCreateUser === true)
          for (const each of [app, other]) assert.equal((await each.me(own)).status, 200)
      }
    })

    test('a user is kept out at once, token and session, also when it is deleted, and other identities are not', async (t) => {
      const { app, other, users } = await start(t)
      const owner = await app.loggedIn(token('owner'))
      const headers = { Authorization: `Bearer ${owner.access_token}` }
      await app.send(`${LOGIN}?link=true`, { method: 'POST', headers, body: { token: own } })
      const theirs = await app.loggedIn(own)
      for (const each of [app, other]) {
        assert.equal((await each.me(own)).body.id, owner.user_id)
        assert.equal((await each.meBearer(theirs.access_token)).status, 200)
      }
      await users.block(person)
      // The owner's requests keep the account in the caches.
      for (const wait of [0, 31]) {
        for (const { clock } of [app, other]) clock.advance(wait)
        for (const each of wait === 0 ? [app] : [app, other]) {
          assert.equal((await each.me(token('owner'))).body.id, owner.user_id)
          assert.equal((await each.meBearer(owner.access_token)).status, 200)
          await assertBlocked(each)
          assert.equal((await each.meBearer(theirs.access_token)).body.error_code, 'InvalidSession')
          assert.equal((await each.bearer('POST', SESSION, theirs.refresh_token)).status, 401)
          assert.equal((await each.me(token('owner'))).body.id, owner.user_id)
        }
      }
      assert.equal((await users.find(person))?.id, owner.user_id)
      assert.equal(await users.delete(person), true)
      assert.equal(await users.delete(person), false)
      await assertBlocked(app)
      assert.equal((await app.me(token('owner'))).status, 200)
      await users.unblock(person)
      assert.notEqual((await app.me(own)).body.id, owner.user_id)
    })

    test('a blocked identity cannot be linked with its token; by hand it can, and stays blocked', async (t) => {
      const { app, users } = await start(t)
      const owner = await app.loggedIn(token('owner'))
      await users.block(person)
      const headers = { Authorization: `Bearer ${owner.access_token}` }
      const answer = await app.send(`${LOGIN}?link=true`, { method: 'POST', headers, body: { token: own } })
      assert.deepEqual([answer.status, answer.body.error_code], [400, 'AuthError'])
      assert.equal(app.lastCode(), 'IDENTITY_BLOCKED')
      assert.equal((await users.link(owner.user_id, person)).identities.length, 2)
      await assertBlocked(app)
    })

    test('disable, enable and delete take an identity too', async (t) => {
      const { app, users } = await start(t)
      for (const verb of ['disable', 'enable', 'delete'] as const)
        assert.equal(await users[verb](person), false)
      const id = String((await app.me(own)).body.id)
      assert.equal(await users.disable(person), true)
      assert.equal((await app.me(own)).status, 401)
      assert.equal(app.lastCode(), 'USER_DISABLED')
      assert.equal(await users.enable(person), true)
      assert.equal((await app.me(own)).body.id, id)
      assert.equal(await users.delete({ ...person, provider: 'staff' }), false)
      assert.equal(await users.delete(person), true)
      // A valid token makes the account again: see block.
      assert.equal((await app.me(own)).body.id, id)
      assert.equal((await users.get(id))?.disabled, false)
    })
  })

const providers = {
  staff: { issuer: 'https://staff.example', signingAlgorithm: 'HS256', signingKeys: [SECRET] },
  people: { issuer: 'https://people.example', signingAlgorithm: 'HS256', signingKeys: [OTHER_SECRET] },
} as const

test('of two providers, the one that is named is blocked, and a name that none has is refused', async (t) => {
  const app = await startApp(t, { store: memoryStore(), providers } as Options)
  const { users } = app.auth
  const staff = mint(claims({ sub: '24601', iss: 'https://staff.example' }))
  const people = mint(claims({ sub: '24601', iss: 'https://people.example' }), { key: OTHER_SECRET })
  await users.block({ ...person, provider: 'staff' })
  await assertBlocked(app, staff)
  const id = String((await app.me(people)).body.id)
  const refused = (call: () => Promise<unknown>, problem: RegExp) =>
    assert.rejects(call, (error) => error instanceof ConfigurationError && problem.test(error.message))
  for (const verb of ['block', 'link'] as const) {
    const call = (provider?: string) => () => {
      const identity = { subject: 'x', ...(provider !== undefined && { provider }) }
      return verb === 'link' ? users.link(id, identity) : users.block(identity)
    }
    await refused(
      call(),
      new RegExp(`users.${verb}.provider: is not set. The providers are staff, people: name one`),
    )
    await refused(call('stuff'), /is not the name of a provider/)
  }
  assert.equal(await users.find(person), undefined)
  assert.equal((await users.find({ ...person, provider: 'people' }))?.id, id)
  await users.unblock({ ...person, provider: 'staff' })
  assert.notEqual((await app.me(staff)).body.id, id)
  await users.delete({ ...person, provider: 'staff' })
  await users.link(id, { ...person, provider: 'staff' })
  assert.equal((await app.me(staff)).body.id, id)
  assert.equal(await users.unlink(id, { ...person, provider: 'staff' }), true)
  assert.notEqual((await app.me(staff)).body.id, id)
})

test('what is not the name of a provider now is blocked all the same where it may be one', async (t) => {
  const tenants = await startApp(t, { providers: () => undefined })
  const imported = { ...person, provider: 'local-userpass', providerType: 'local-userpass' }
  for (const [{ auth }, identity] of [
    [tenants, { ...person, provider: 'a new tenant' }] as const,
    [await startApp(t), imported] as const,
  ]) {
    await auth.users.block(identity)
    assert.equal(await auth.users.isBlocked(identity), true)
    assert.equal(await auth.users.isBlocked(person), false)
  }
})
