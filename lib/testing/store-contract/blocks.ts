import assert from 'node:assert/strict'
import type { Store } from '../../stores/store.js'
import type { Identity } from '../../user.js'
import {
  atOnce,
  begin,
  createSession,
  createUser,
  identity,
  link,
  named,
  NOW,
  objectId,
  session,
  type StoreTest,
} from './support.js'

const OWN = identity('24601', { name: 'Jean' })
const LINKED = named('staff', '24601')

const signUp = async (store: Store, owned: Identity, id: number) =>
  store.signIn({ identity: owned, now: NOW + 60, newUserId: () => objectId(id) })

/** Asks with and without an id for a new user. */
async function assertRefused(store: Store, owned: Identity): Promise<void> {
  await assert.rejects(signUp(store, owned, 999), { code: 'IDENTITY_BLOCKED' })
  await assert.rejects(async () => store.signIn({ identity: owned, now: NOW + 60 }), {
    code: 'IDENTITY_BLOCKED',
  })
}

/** An identity that is blocked signs nobody in, whether or not there is a user who has it. */
export function blocks(test: StoreTest): void {
  test('signIn throws for a blocked identity that nobody has, and creates nobody', async (store) => {
    assert.equal(await store.setIdentityBlocked(OWN, true), true)
    assert.equal(await store.setIdentityBlocked(OWN, true), false)
    assert.deepEqual(await store.findIdentity(OWN), { user: undefined, blocked: true })
    await assertRefused(store, OWN)
    assert.deepEqual(await store.listUsers({ limit: 10 }), [])
    assert.equal((await signUp(store, LINKED, 1))?.created, true)
    assert.equal((await signUp(store, identity('24602'), 2))?.created, true)
    assert.equal(await store.setIdentityBlocked(OWN, false), true)
    assert.equal(await store.setIdentityBlocked(OWN, false), false)
    assert.equal((await signUp(store, OWN, 3))?.created, true)
  })

  test('signIn throws for a blocked identity of a user, who stays as it was, with its other identities', async (store) => {
    const user = await createUser(store, 1, OWN)
    await store.setIdentityBlocked(LINKED, true)
    const linked = { ...user, identities: [OWN, LINKED] }
    assert.deepEqual(await link(store, user.id, LINKED), linked, 'it can be linked, and stays blocked')
    await assertRefused(store, LINKED)
    await store.setUserDisabled(user.id, true)
    await assertRefused(store, LINKED)
    await store.setUserDisabled(user.id, false)
    assert.deepEqual(await store.findUser(user.id), linked)
    assert.deepEqual(await store.findIdentity(LINKED), { user: linked, blocked: true })
    assert.deepEqual(await store.findIdentity(OWN), { user: linked, blocked: false })
    assert.equal((await store.signIn({ identity: OWN, now: NOW }))?.user.id, user.id)
    await store.setIdentityBlocked(LINKED, false)
    assert.equal((await signUp(store, LINKED, 2))?.user.id, user.id)
  })

  test('sessions that began with a blocked identity are not found, and none begins', async (store) => {
    const user = await createUser(store, 1, OWN)
    await link(store, user.id, LINKED)
    const kept = await createSession(store, session(10, user.id), { identity: OWN })
    await createSession(store, session(11, user.id), { identity: LINKED })
    await store.setIdentityBlocked(LINKED, true)
    assert.equal(await store.findSession(objectId(11)), undefined)
    assert.deepEqual((await store.findSession(kept.id))?.session, kept)
    assert.equal(await begin(store, session(12, user.id), { identity: LINKED }), false)
    assert.equal(await begin(store, session(13, user.id), { identity: OWN }), true)
    await store.setIdentityBlocked(LINKED, false)
    assert.equal((await store.findSession(objectId(11)))?.user.id, user.id)
    assert.equal(await store.findSession(objectId(12)), undefined)
  })

  test('a block outlives the user, its deletion and its import', async (store) => {
    const user = await createUser(store, 1, OWN)
    await link(store, user.id, LINKED)
    await store.setIdentityBlocked(OWN, true)
    await store.setIdentityBlocked(LINKED, true)
    assert.equal(await store.unlinkIdentity(user.id, LINKED), 'unlinked')
    await assertRefused(store, LINKED)
    await store.deleteUser(user.id)
    await assertRefused(store, OWN)
    assert.deepEqual(await store.importUsers([{ ...user, disabled: false }]), ['added'])
    await assertRefused(store, OWN)
    assert.deepEqual(await store.findUser(user.id), user)
  })

  test('who is blocked while signing up is refused from then on, with or without a user', async (store) => {
    for (let round = 1; round <= 10; round += 1) {
      const owned = identity(`subject ${round}`)
      const answers = await atOnce(10, async (index) => {
        if (index === round - 1) return store.setIdentityBlocked(owned, true)
        const code = await signUp(store, owned, round).catch((error: unknown) => error)
        return (code as { code?: unknown }).code ?? 'signed in'
      })
      for (const answer of answers)
        assert.ok([true, 'signed in', 'IDENTITY_BLOCKED'].includes(answer as string))
      await assertRefused(store, owned)
      const found = await store.findIdentity(owned)
      assert.deepEqual(found, { user: await store.findUser(objectId(round)), blocked: true })
    }
  })

  test('a session that begins while its identity is blocked is not found', async (store) => {
    const user = await createUser(store, 1, OWN)
    for (let round = 1; round <= 10; round += 1) {
      await atOnce(10, (index) =>
        index === round - 1
          ? store.setIdentityBlocked(OWN, true)
          : begin(store, session(100 * round + index, user.id), { identity: OWN }),
      )
      for (let index = 0; index < 10; index += 1)
        assert.equal(await store.findSession(objectId(100 * round + index)), undefined)
      await store.setIdentityBlocked(OWN, false)
    }
  })

  test('an identity that is blocked many times at once is blocked once', async (store) => {
    const blocked = await atOnce(20, () => store.setIdentityBlocked(LINKED, true))
    assert.equal(blocked.filter(Boolean).length, 1)
    const unblocked = await atOnce(20, () => store.setIdentityBlocked(LINKED, false))
    assert.equal(unblocked.filter(Boolean).length, 1)
    assert.deepEqual(await store.findIdentity(LINKED), { user: undefined, blocked: false })
  })
}
