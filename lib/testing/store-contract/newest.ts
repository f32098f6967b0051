import assert from 'node:assert/strict'
import { atOnce, createUser, identity, link, NOW, objectId, type StoreTest } from './support.js'

const AS = { old: identity('24601', { role: 'admin' }), new: identity('24601', { role: 'plain' }) }

/** Data of an older token never replaces data of a newer one. */
export function newest(test: StoreTest): void {
  test('signIn keeps the data of the newest token, whichever comes last', async (store) => {
    const signIn = (owned: typeof AS.old, issuedAt: number) =>
      store.signIn({ identity: owned, now: NOW + 60, issuedAt, newUserId: () => objectId(1) })
    const cases = [
      { owned: AS.old, issuedAt: NOW - 10, kept: AS.old },
      { owned: AS.new, issuedAt: NOW - 5.5, kept: AS.new },
      { owned: AS.old, issuedAt: NOW - 5.75, kept: AS.new },
      // With the data that is there already, the time counts all the same.
      { owned: AS.new, issuedAt: NOW, kept: AS.new },
      { owned: AS.old, issuedAt: NOW - 1, kept: AS.new },
      // Of the same second, the one that comes last.
      { owned: AS.old, issuedAt: NOW, kept: AS.old },
      { owned: AS.new, issuedAt: 0, kept: AS.old },
    ]
    for (const { owned, issuedAt, kept } of cases) {
      const result = await signIn(owned, issuedAt)
      assert.deepEqual(result?.user.identities, [kept])
      assert.equal(result.user.last_authentication_date, NOW + 60)
      assert.deepEqual(await store.findUser(objectId(1)), result.user)
    }
  })

  test('signIn takes a token for as new as now, unless it is told', async (store) => {
    await createUser(store, 1, AS.old)
    const early = await store.signIn({ identity: AS.new, now: NOW - 1 })
    assert.deepEqual(early?.user.identities, [AS.old])
    const later = await store.signIn({ identity: AS.new, now: NOW + 1 })
    assert.deepEqual(later?.user.identities, [AS.new])
  })

  test('signIn compares with tokens of the same identity alone', async (store) => {
    const { id } = await createUser(store, 1, identity('first'))
    await link(store, id, AS.old, 20, NOW - 10)
    const result = await store.signIn({ identity: AS.new, now: NOW, issuedAt: NOW - 5 })
    assert.deepEqual(result?.user.identities, [identity('first'), AS.new])
  })

  test('linkIdentity keeps the data of the newest token too', async (store) => {
    const { id } = await createUser(store, 1, identity('first'))
    for (const [owned, issuedAt, kept] of [
      [AS.new, NOW - 5, AS.new],
      [AS.old, NOW - 10, AS.new],
      [AS.old, NOW - 4, AS.old],
      [AS.new, -1, AS.old],
    ] as const) {
      const user = await link(store, id, owned, 2, issuedAt)
      assert.ok(typeof user === 'object')
      assert.deepEqual(user.identities, [identity('first'), kept])
      assert.deepEqual(await store.findUser(id), user)
    }
    const result = await store.signIn({ identity: AS.new, now: NOW, issuedAt: NOW - 5 })
    assert.deepEqual(result?.user.identities, [identity('first'), AS.old])
  })

  test('importUsers takes data for as new as the last authentication', async (store) => {
    const user = {
      id: objectId(1),
      type: 'normal' as const,
      identities: [AS.new],
      creation_date: NOW - 100,
      last_authentication_date: NOW - 50,
      disabled: false,
    }
    await store.importUsers([user])
    const older = await store.signIn({ identity: AS.old, now: NOW, issuedAt: NOW - 51 })
    assert.deepEqual(older?.user.identities, [AS.new])
    const newer = await store.signIn({ identity: AS.old, now: NOW, issuedAt: NOW - 49 })
    assert.deepEqual(newer?.user.identities, [AS.old])
  })

  test('of 100 simultaneous sign-ins and links, the data of the newest token stays', async (store) => {
    for (let round = 1; round <= 3; round += 1) {
      const subject = `subject ${round}`
      const { id } = await createUser(store, round, identity(subject))
      // Each time another of them is the newest.
      const seen = await atOnce(100, async (index) => {
        const age = (index * 37 + round * 31) % 100
        const owned = identity(subject, { age })
        const linked = index % 10 === 0 ? await link(store, id, owned, 20, NOW + 100 - age) : undefined
        const signedIn =
          linked ?? (await store.signIn({ identity: owned, now: NOW + 200, issuedAt: NOW + 100 - age }))?.user
        assert.ok(typeof signedIn === 'object')
        return { age, shown: Number(signedIn.identities[0]?.data.age) }
      })
      assert.deepEqual((await store.findUser(id))?.identities, [identity(subject, { age: 0 })])
      // What a call returns is never older than what it brought.
      for (const { age, shown } of seen) assert.ok(shown <= age, `${age} was answered with ${shown}`)
    }
  })
}
