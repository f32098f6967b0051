import assert from 'node:assert/strict'
import type { IdentityName } from '../../stores/store.js'
import type { UserRecord } from '../../user.js'
import {
  begin,
  createSession,
  createUser,
  identity,
  idsOf,
  link,
  NOW,
  objectId,
  ownerOf,
  session,
  type StoreTest,
} from './support.js'

export function users(test: StoreTest): void {
  test('signIn creates the user when there is none', async (store) => {
    const owned = identity('24601', { name: 'Jean Valjean' })
    const user: UserRecord = {
      id: objectId(1),
      type: 'normal',
      identities: [owned],
      creation_date: NOW,
      last_authentication_date: NOW,
      disabled: false,
    }
    assert.deepEqual(await store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(1) }), {
      user,
      created: true,
    })
    assert.deepEqual(await store.findUser(objectId(1)), user)
  })

  test('signIn creates nobody without newUserId', async (store) => {
    assert.equal(await store.signIn({ identity: identity('24601'), now: NOW }), undefined)
    assert.deepEqual(await store.listUsers({ limit: 10 }), [])
  })

  test('signIn finds the user, replaces the data of the identity and sets the date', async (store) => {
    const before = await createUser(store, 1, identity('24601', { name: 'Jean', alias: 'Madeleine' }))
    const renamed = identity('24601', { name: 'Jean Valjean' })
    const user = { ...before, identities: [renamed], last_authentication_date: NOW + 60 }
    assert.deepEqual(await store.signIn({ identity: renamed, now: NOW + 60 }), { user, created: false })
    assert.deepEqual(await store.findUser(objectId(1)), user)
  })

  test('signIn leaves newUserId unused when it finds the user', async (store) => {
    await createUser(store, 1, identity('24601'))
    const again = await store.signIn({ identity: identity('24601'), now: NOW, newUserId: () => objectId(2) })
    assert.deepEqual([again?.user.id, again?.created], [objectId(1), false])
    assert.equal(await store.findUser(objectId(2)), undefined)
  })

  test('signIn returns a disabled user as it is, not refreshed', async (store) => {
    const before = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    await store.setUserDisabled(objectId(1), true)
    const user = { ...before, disabled: true }
    const refresh = {
      identity: identity('24601', { name: 'X' }),
      now: NOW + 60,
      newUserId: () => objectId(2),
    }
    assert.deepEqual(await store.signIn(refresh), { user, created: false })
    assert.deepEqual(await store.findUser(objectId(1)), user)
  })

  test('signIn throws when another user has newUserId, and changes nothing', async (store) => {
    const user = await createUser(store, 1, identity('24601'))
    const other = identity('javert')
    await assert.rejects(
      async () => store.signIn({ identity: other, now: NOW, newUserId: () => objectId(1) }),
      {
        code: 'USER_ID_TAKEN',
      },
    )
    assert.deepEqual(await store.findUser(objectId(1)), user)
    assert.equal(await ownerOf(store, other), undefined)
  })

  test('findIdentity finds whom the identity would sign in, and changes nothing', async (store) => {
    const user = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const wanted = { id: '24601', provider_type: 'custom-token' }
    const other = { ...wanted, provider_type: 'another-provider' }
    const find = async (name: IdentityName, found: UserRecord | undefined) => {
      assert.deepEqual(await store.findIdentity(name), { user: found, blocked: false })
    }
    await find(wanted, user)
    assert.deepEqual(await store.findUser(objectId(1)), user)
    await store.setUserDisabled(objectId(1), true)
    await find(wanted, { ...user, disabled: true })
    const linked = await link(store, objectId(1), { ...other, data: {} })
    assert.ok(typeof linked === 'object')
    await find(other, linked)
    await store.unlinkIdentity(objectId(1), wanted)
    await find(wanted, undefined)
    await find({ ...wanted, id: '24601 ' }, undefined)
    await store.deleteUser(objectId(1))
    await find(other, undefined)
    assert.deepEqual(await store.listUsers({ limit: 10 }), [])
  })

  test('what does not look like an id is the id of no user', async (store) => {
    await createUser(store, 1)
    const withNul = `${objectId(1)}\0`
    for (const id of [
      '',
      'a',
      '__proto__',
      'constructor',
      '$ne',
      'G'.repeat(24),
      '%',
      "' OR ''='",
      withNul,
    ]) {
      assert.equal(await store.findUser(id), undefined)
      assert.equal(await store.setUserDisabled(id, true), false)
      assert.equal(await store.deleteUser(id), false)
      assert.equal(await store.revokeSessions(id), 0)
      assert.equal(await link(store, id, identity('a')), 'missing')
      assert.equal(await begin(store, session(1, id)), false)
      assert.equal(await store.findSession(id), undefined)
      assert.equal(await store.revokeSession(id), false)
    }
    assert.equal((await store.findUser(objectId(1)))?.disabled, false)
  })

  test('what is not a string finds and changes nobody, whether or not the store refuses it', async (store) => {
    const user = await createUser(store, 1)
    const begun = await createSession(store, session(10, user.id))
    for (const mistake of [{ $ne: null }, { a: 'b' }, [user.id], [begun.id], true]) {
      const id = mistake as unknown as string
      const nothing = async <Answer>(wanted: Answer, verb: () => Answer | Promise<Answer>) => {
        const answer = await (async () => verb())().catch(() => wanted)
        assert.deepEqual(answer, wanted)
      }
      await nothing(undefined, () => store.findUser(id))
      await nothing(undefined, () => store.findSession(id))
      await nothing(false, () => store.setUserDisabled(id, true))
      await nothing(false, () => store.deleteUser(id))
      await nothing(0, () => store.revokeSessions(id))
      await nothing(false, () => store.revokeSession(id))
      await nothing('missing', () => link(store, id, identity('a')))
      await nothing(false, () => begin(store, session(11, id)))
    }
    assert.deepEqual(await store.findSession(begun.id), { session: begun, user })
    assert.deepEqual(await store.listUsers({ limit: 10 }), [user])
  })

  test('listUsers goes through all users by ascending id, page by page', async (store) => {
    const numbers = [0xb0, 0x9, 0xfff, 0x1, 0xa, 0x99, 0x10]
    for (const number of numbers) await createUser(store, number)
    await store.setUserDisabled(objectId(0xa), true)
    const ids = numbers.toSorted((a, b) => a - b).map(objectId)

    const all = await store.listUsers({ limit: 100, after: undefined })
    assert.deepEqual(idsOf(all), ids)
    assert.deepEqual(all[0], await store.findUser(objectId(1)))

    const paged: string[] = []
    for (let page = await store.listUsers({ limit: 3 }); page.length > 0;) {
      assert.ok(page.length <= 3)
      paged.push(...idsOf(page))
      assert.ok(paged.length <= ids.length, 'no user comes twice')
      page = await store.listUsers({ limit: 3, after: paged.at(-1) ?? '' })
    }
    assert.deepEqual(paged, ids)
  })

  test('listUsers goes on after a user who was deleted meanwhile', async (store) => {
    for (const number of [1, 2, 3]) await createUser(store, number)
    await store.deleteUser(objectId(2))
    const rest = await store.listUsers({ limit: 10, after: objectId(2) })
    assert.deepEqual(idsOf(rest), [objectId(3)])
  })

  test('setUserDisabled disables and enables, and changes nothing else', async (store) => {
    const user = await createUser(store, 1)
    const other = await createUser(store, 2)
    assert.equal(await store.setUserDisabled(objectId(1), true), true)
    assert.deepEqual(await store.findUser(objectId(1)), { ...user, disabled: true })
    assert.deepEqual(await store.findUser(objectId(2)), other)
    assert.equal(await store.setUserDisabled(objectId(1), false), true)
    assert.deepEqual(await store.findUser(objectId(1)), user)
  })

  test('setUserDisabled tells whether there is such a user, not whether anything changed', async (store) => {
    await createUser(store, 1)
    await store.setUserDisabled(objectId(1), true)
    assert.equal(await store.setUserDisabled(objectId(1), true), true)
    assert.equal(await store.setUserDisabled(objectId(2), true), false)
    assert.equal(await store.findUser(objectId(2)), undefined)
  })

  test('deleteUser deletes the user and frees its identities', async (store) => {
    await createUser(store, 1, identity('24601'))
    await link(store, objectId(1), identity('madeleine'))
    const other = await createUser(store, 2)
    assert.equal(await store.deleteUser(objectId(1)), true)
    assert.equal(await store.deleteUser(objectId(1)), false)
    assert.equal(await store.findUser(objectId(1)), undefined)
    assert.equal(await ownerOf(store, identity('24601')), undefined)
    assert.deepEqual(await store.listUsers({ limit: 10 }), [other])
    assert.equal((await createUser(store, 3, identity('madeleine'))).id, objectId(3))
  })

  test('deleteUser deletes the sessions, also for a later user with the same id', async (store) => {
    await createUser(store, 1)
    await createUser(store, 2)
    await createSession(store, session(10, objectId(1)))
    await createSession(store, session(20, objectId(2)))
    await store.deleteUser(objectId(1))
    const wantNoSession = async (): Promise<void> => {
      assert.equal(await store.findSession(objectId(10)), undefined)
      const rotation = { id: objectId(10), generation: 0, now: NOW, overlapSeconds: 10 }
      assert.deepEqual(await store.rotateSession(rotation), { outcome: 'missing' })
      assert.equal(await store.revokeSession(objectId(10)), false)
      assert.equal(await store.revokeSessions(objectId(1)), 0)
    }
    await wantNoSession()
    await createUser(store, 1)
    await wantNoSession()
    assert.equal((await store.findSession(objectId(20)))?.user.id, objectId(2))
  })
}
