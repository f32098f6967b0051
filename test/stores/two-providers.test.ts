// Equal subjects of two issuers, at four machines at once: two users, one when they are linked, and two again.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { claims, mint, OTHER_SECRET, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { NOW } from '../../lib/testing/store-contract/support.js'
import type { User } from '../../lib/user.js'
import { databases } from './databases.js'
import { startMachine } from './machines.js'

const machines = [startMachine(), startMachine(), startMachine(), startMachine()] as const
const [first, second] = machines
after(() => Promise.all(machines.map((machine) => machine.end())))

const provider = (issuer: string, key: string) =>
  ({ issuer, signingAlgorithm: 'HS256', signingKeys: [key] }) as const
const settings = {
  providers: { a: provider('https://a.example', SECRET), b: provider('https://b.example', OTHER_SECRET) },
  autoCreateUser: true,
  session: { signingKeys: [SESSION_SECRET] },
  cache: { users: false }, // what one machine changes, the others see at once
} as const

/** Each machine is asked with the token at the same moment. Returns the one user that all of them say it is. */
async function userOf(token: string): Promise<User> {
  const answers = await Promise.all(machines.map((machine) => machine.me(token)))
  const users = answers.map(({ status, body, text }) => {
    assert.equal(status, 200, text)
    return body as unknown as User
  })
  const [user] = users
  assert.ok(user)
  assert.deepEqual(
    users.map(({ id }) => id),
    machines.map(() => user.id),
  )
  return user
}

for (const { name, skip, newPlace } of databases)
  describe(`two providers on ${name}`, { skip }, () => {
    test('equal subjects are two users, one when linked, and two again', async () => {
      const place = newPlace()
      for (const machine of machines) {
        await machine.deploy(place, settings)
        await machine.ask('setClock', NOW)
      }
      for (const sub of ['24601', 'javert', 'cosette', 'marius', 'fantine']) {
        const dates = { iat: NOW, exp: NOW + 3600 }
        const tokenOfA = mint(claims({ sub, iss: 'https://a.example', ...dates }))
        const tokenOfB = mint(claims({ sub, iss: 'https://b.example', ...dates }), { key: OTHER_SECRET })
        const mixed = mint(claims({ sub, iss: 'https://a.example', ...dates }), { key: OTHER_SECRET })
        for (const machine of machines) assert.equal((await machine.me(mixed)).status, 401)
        const [a, b] = await Promise.all([userOf(tokenOfA), userOf(tokenOfB)])
        assert.notEqual(a.id, b.id)
        const named = (user: User) => user.identities.map(({ provider_id, id }) => [provider_id, id])
        assert.deepEqual([named(a), named(b)], [[['a', sub]], [['b', sub]]])

        assert.equal(await second.ask('administer', 'delete', b.id), true)
        await first.ask('link', a.id, { provider: 'b', subject: sub })
        const linked = await userOf(tokenOfB)
        assert.equal(linked.id, a.id)
        assert.deepEqual(named(linked), [
          ['a', sub],
          ['b', sub],
        ])

        assert.equal(await second.ask('unlink', a.id, { provider: 'b', subject: sub }), true)
        const [again, other] = await Promise.all([userOf(tokenOfA), userOf(tokenOfB)])
        assert.deepEqual([again.id, named(again)], [a.id, [['a', sub]]])
        assert.notEqual(other.id, a.id)
      }
    })
  })
