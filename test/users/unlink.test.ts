// A token and a session stand for a user only while that user has their identity: on every store, at two processes' guards.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { isAuthError } from 'custom-jwt-auth'
import { LOGIN, startApp, type Options, type TestApp } from '../support/app.js'
import { claims, mint } from '../support/tokens.js'
import { twoProcesses } from '../stores/two-processes.js'

const token = (sub: string): string => mint(claims({ sub }))
const stranger = token('stranger')

const link = (app: TestApp, access: string, jwt: string) =>
  app.send(`${LOGIN}?link=true`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${access}` },
    body: { token: jwt },
  })

for (const { name, skip, open } of twoProcesses)
  describe(`with ${name}`, { skip }, () => {
    async function start(t: TestContext, options: Options = {}) {
      const [here, there] = open(t)
      const app = await startApp(t, { store: here, ...options })
      const other = await startApp(t, { store: there, ...options })
      const owner = await app.loggedIn(token('owner'))
      const linked = await link(app, owner.access_token, stranger)
      assert.equal(linked.status, 200, linked.text)
      const theirs = await app.loggedIn(stranger)
      assert.equal(theirs.user_id, owner.user_id)
      // Both guards remember the token and the session now.
      for (const each of [app, other]) {
        assert.equal((await each.me(stranger)).body.id, owner.user_id)
        assert.equal((await each.meBearer(theirs.access_token)).status, 200)
      }
      return { app, other, owner, theirs, id: owner.user_id }
    }
    const later = (apps: readonly { clock: { advance: (seconds: number) => void } }[]) => {
      for (const { clock } of apps) clock.advance(31)
    }

    test("a stranger's token and session end when the link is removed", async (t) => {
      const { app, other, owner, theirs, id } = await start(t)
      assert.equal(await app.auth.users.unlink(id, { subject: 'stranger' }), true)
      assert.equal(await app.auth.users.unlink(id, { subject: 'stranger' }), false)
      assert.notEqual((await app.me(stranger)).body.id, id)
      assert.equal((await app.meBearer(theirs.access_token)).status, 401)
      assert.equal((await app.meBearer(owner.access_token)).status, 200)
      later([app, other])
      // The owner's request has the other process remember the account anew.
      assert.equal((await other.me(token('owner'))).body.id, id)
      assert.notEqual((await other.me(stranger)).body.id, id)
      assert.equal((await other.meBearer(theirs.access_token)).status, 401)
      await assert.rejects(
        () => app.auth.users.unlink(id, { subject: 'owner' }),
        (error) => isAuthError(error) && error.code === 'IDENTITY_LAST',
      )
    })

    test('they end when the account is deleted and made again with the same id', async (t) => {
      const { app, other, theirs, id } = await start(t)
      await app.auth.users.delete(id)
      assert.equal((await app.me(token('owner'))).body.id, id)
      assert.notEqual((await app.me(stranger)).body.id, id)
      assert.equal((await app.meBearer(theirs.access_token)).status, 401)
      later([app, other])
      assert.equal((await other.me(token('owner'))).body.id, id)
      assert.notEqual((await other.me(stranger)).body.id, id)
      assert.equal((await other.meBearer(theirs.access_token)).status, 401)
    })

    test('an unlinked founder becomes another user, although the id that follows is taken', async (t) => {
      const { app, id } = await start(t)
      await app.auth.users.unlink(id, { subject: 'owner' })
      const answer = await app.me(token('owner'))
      assert.equal(answer.status, 200, answer.text)
      assert.notEqual(answer.body.id, id)
      assert.equal((await app.me(stranger)).body.id, id)
    })
  })

test('the creation hook is asked about links, and refuses with a 400', async (t) => {
  const asked: unknown[] = []
  const app = await startApp(t, {
    autoCreateUser(user, { claims: { sub }, reason }) {
      asked.push([reason, sub, user.identities.map(({ id }) => id)])
      if (sub === 'stranger') throw new Error('not from here')
    },
  })
  const { access_token: access } = await app.loggedIn(token('owner'))
  const linkTo = (sub: string) => link(app, access, token(sub))
  const refused = await linkTo('stranger')
  assert.deepEqual([refused.status, refused.body.error_code], [400, 'AuthError'])
  assert.equal(app.lastCode(), 'LINK_REFUSED')
  assert.equal((await linkTo('friend')).status, 200)
  assert.equal((await linkTo('friend')).status, 200)
  assert.deepEqual(asked, [
    ['sign-up', 'owner', ['owner']],
    ['link', 'stranger', ['owner', 'stranger']],
    ['link', 'friend', ['owner', 'friend']],
  ])
})

test('a user gets maxIdentities and session.maxPerUser', async (t) => {
  const app = await startApp(t, { maxIdentities: 2 })
  const { access_token: access } = await app.loggedIn(token('owner'))
  const linkTo = (sub: string) => link(app, access, token(sub))
  assert.equal((await linkTo('second')).status, 200)
  const refused = await linkTo('third')
  assert.deepEqual([refused.status, refused.body.error_code], [400, 'AuthError'])
  assert.match(refused.text, /maximum number of identities/)
})

test("with generateUserId 'random', simultaneous first logins make one user", async (t) => {
  const app = await startApp(t, { generateUserId: 'random' })
  const answers = await Promise.all(Array.from({ length: 20 }, () => app.loggedIn(token('owner'))))
  assert.equal(new Set(answers.map(({ user_id }) => user_id)).size, 1)
})
