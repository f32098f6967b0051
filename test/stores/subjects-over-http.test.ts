// Odd subjects on their whole way: from a token, over HTTP, through the guard, into a database and back.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PROFILE, startApp } from '../support/app.js'
import { claims, mint } from '../support/tokens.js'
import { SUBJECTS } from '../../lib/testing/store-contract/subjects.js'
import { NOW } from '../../lib/testing/store-contract/support.js'
import { databases } from './databases.js'
import { openStore } from './open-store.js'

interface Profile {
  readonly id: string
  readonly identities: readonly { readonly id: string }[]
}

for (const { name, skip, newPlace } of databases)
  describe(`over HTTP, on ${name}`, { skip }, () => {
    test('every odd subject comes back unchanged, and is a user of its own at every machine', async (t) => {
      const place = newPlace()
      const start = async () => {
        const { store, close } = openStore(place)
        t.after(close)
        const app = await startApp(t, { store })
        // Later than the database's own clock, by which MongoDB removes expired sessions.
        app.clock.advance(NOW - app.clock.now())
        return app
      }
      const [one, two] = [await start(), await start()]
      const ids = new Map<string, string>()
      for (const subject of SUBJECTS) {
        const token = mint(claims({ sub: subject, iat: NOW, exp: NOW + 3600 }))
        const login = await one.loggedIn(token)
        ids.set(login.user_id, subject)
        for (const { status, body } of [
          await one.me(token),
          await two.me(token),
          await two.bearer('GET', PROFILE, login.access_token),
        ]) {
          const { id, identities } = body as unknown as Profile
          assert.deepEqual([status, id], [200, login.user_id], JSON.stringify(subject))
          assert.deepEqual(
            identities.map((identity) => identity.id),
            [subject],
          )
        }
      }
      assert.equal(ids.size, SUBJECTS.length)
      const { users } = await two.auth.users.list({ limit: 1000 })
      assert.deepEqual(new Map(users.map((user) => [user.id, user.identities[0]?.id])), ids)
    })

    test('half a surrogate pair, which no database tells from another half, is refused', async (t) => {
      const { store, close } = openStore(newPlace())
      t.after(close)
      const app = await startApp(t, { store })
      for (const subject of ['a\ud800', '\udc00', 'a\ufffd']) {
        for (const answer of [
          await app.login(mint(claims({ sub: subject }))),
          await app.me(mint(claims({ sub: subject }))),
        ]) {
          assert.equal(answer.status, 401)
          assert.equal(app.lastCode(), 'TOKEN_SUBJECT')
        }
      }
      assert.deepEqual((await app.auth.users.list()).users, [])
    })
  })
