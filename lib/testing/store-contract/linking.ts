import assert from 'node:assert/strict'
import {
  atOnce,
  begin,
  createSession,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  ownerOf,
  session,
  type StoreTest,
} from './support.js'

const FIRST = identity('24601', { name: 'Jean' })
const SECOND = identity('madeleine')

/** Identities come and go, and a session lives only while its user has the identity that it began with. */
export function linking(test: StoreTest): void {
  test('linkIdentity adds an identity, which then signs in the same user', async (store) => {
    const user = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const second = identity('madeleine', { name: 'M. Madeleine' })
    const third = identity('24601', { name: 'Fauchelevent' }, 'another-provider')
    const linked = { ...user, identities: [...user.identities, second] }
    assert.deepEqual(await link(store, objectId(1), second), linked)
    const linkedTwice = { ...linked, identities: [...linked.identities, third] }
    assert.deepEqual(await link(store, objectId(1), third), linkedTwice)
    assert.deepEqual(await store.findUser(objectId(1)), linkedTwice)
    assert.equal(await ownerOf(store, second), objectId(1))
    assert.equal(await ownerOf(store, third), objectId(1))
  })

  test('linkIdentity refreshes the data of an identity that the user has, in its place', async (store) => {
    const user = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const second = identity('madeleine')
    await link(store, objectId(1), second)
    const renamed = identity('24601', { name: 'Jean Valjean' })
    const linked = { ...user, identities: [renamed, second] }
    assert.deepEqual(await link(store, objectId(1), renamed), linked)
    assert.deepEqual(await store.findUser(objectId(1)), linked)
  })

  test('signIn refreshes the identity that signs in, in its place, and leaves the others', async (store) => {
    const first = identity('24601', { name: 'Jean' })
    await createUser(store, 1, first)
    const names = ['a', 'b'].map((subject) => identity(subject, { name: subject }))
    for (const name of names) await link(store, objectId(1), name)
    const renamed = identity('a', { name: 'A' })
    const result = await store.signIn({ identity: renamed, now: NOW })
    assert.deepEqual(result?.user.identities, [first, renamed, names[1]])
  })

  test('linkIdentity leaves an identity with the user who has it', async (store) => {
    const one = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const two = await createUser(store, 2, identity('javert'))
    assert.equal(await link(store, objectId(2), identity('24601', { name: 'X' })), 'taken')
    assert.deepEqual(await store.findUser(objectId(1)), one)
    assert.deepEqual(await store.findUser(objectId(2)), two)
  })

  test('linkIdentity keeps nothing when there is no such user', async (store) => {
    assert.equal(await link(store, objectId(1), identity('24601')), 'missing')
    assert.equal(await ownerOf(store, identity('24601')), undefined)
    assert.equal(await store.findUser(objectId(1)), undefined)
  })

  test('unlinkIdentity takes an identity from its user, which is free then', async (store) => {
    const user = await createUser(store, 1, FIRST)
    await link(store, user.id, SECOND)
    await link(store, user.id, identity('third'))
    assert.equal(
      await store.unlinkIdentity(user.id, { id: SECOND.id, provider_type: SECOND.provider_type }),
      'unlinked',
    )
    assert.deepEqual(await store.findUser(user.id), { ...user, identities: [FIRST, identity('third')] })
    assert.equal(await ownerOf(store, SECOND), undefined)
    assert.equal((await createUser(store, 2, SECOND)).id, objectId(2))
    assert.equal(await store.unlinkIdentity(user.id, SECOND), 'missing')
  })

  test('unlinkIdentity compares both parts, and takes nothing from others', async (store) => {
    const user = await createUser(store, 1, FIRST)
    await link(store, user.id, SECOND)
    const other = await createUser(store, 2)
    await link(store, other.id, identity('javert'))
    for (const name of [identity(SECOND.id, {}, 'another-provider'), identity('javert'), identity('nobody')])
      assert.equal(await store.unlinkIdentity(user.id, name), 'missing')
    assert.equal(await store.unlinkIdentity(objectId(3), SECOND), 'missing')
    assert.equal((await store.findUser(user.id))?.identities.length, 2)
    assert.equal(await ownerOf(store, identity('javert')), other.id)
  })

  test('unlinkIdentity leaves a user the last identity, with its sessions', async (store) => {
    const user = await createUser(store, 1, FIRST)
    const record = await createSession(store, session(10, user.id))
    assert.equal(await store.unlinkIdentity(user.id, FIRST), 'last')
    assert.deepEqual(await store.findSession(record.id), { session: record, user })
  })

  test('unlinkIdentity ends the sessions that began with the identity, for good', async (store) => {
    const user = await createUser(store, 1, FIRST)
    await link(store, user.id, SECOND)
    const kept = await createSession(store, session(10, user.id))
    await createSession(store, session(11, user.id), { identity: SECOND })
    await store.unlinkIdentity(user.id, SECOND)
    assert.equal(await store.findSession(objectId(11)), undefined)
    assert.deepEqual((await store.findSession(kept.id))?.session, kept)
    await link(store, user.id, SECOND)
    assert.equal(await store.findSession(objectId(11)), undefined)
    assert.equal(await store.revokeSession(objectId(11)), false)
    assert.equal(await store.revokeSessions(user.id), 1)
  })

  test('createSession keeps nothing when the user does not have the identity', async (store) => {
    const user = await createUser(store, 1, FIRST)
    await createUser(store, 2, SECOND)
    for (const owned of [SECOND, identity('nobody'), identity(FIRST.id, {}, 'another-provider')])
      assert.equal(await begin(store, session(10, user.id), { identity: owned }), false)
    assert.equal(await store.findSession(objectId(10)), undefined)
    assert.equal(await store.revokeSessions(user.id), 0)
  })

  test('a session that begins after its user was deleted and made again without the identity is refused', async (store) => {
    const { id } = await createUser(store, 1, FIRST)
    await link(store, id, SECOND)
    await store.deleteUser(id)
    await createUser(store, 1, FIRST)
    assert.equal(await begin(store, session(10, id), { identity: SECOND }), false)
    assert.equal(await begin(store, session(11, id), { identity: FIRST }), true)
  })

  test('a session that begins while its identity is unlinked is gone, also when it is linked again', async (store) => {
    const { id } = await createUser(store, 1, FIRST)
    for (let round = 1; round <= 10; round += 1) {
      await link(store, id, SECOND)
      await atOnce(10, (index) =>
        index === round - 1
          ? store.unlinkIdentity(id, SECOND)
          : begin(store, session(100 * round + index, id), { identity: SECOND }),
      )
      await link(store, id, SECOND)
      for (let index = 0; index < 10; index += 1)
        assert.equal(await store.findSession(objectId(100 * round + index)), undefined)
      assert.equal(await store.unlinkIdentity(id, SECOND), 'unlinked')
    }
    assert.equal(await store.revokeSessions(id), 0)
  })

  test('of identities that are unlinked at once, the last one stays', async (store) => {
    const names = Array.from({ length: 10 }, (_, index) => identity(`linked ${index}`))
    const { id } = await createUser(store, 1, FIRST)
    for (const name of names) await link(store, id, name)
    const outcomes = await atOnce(11, (index) => store.unlinkIdentity(id, names[index] ?? FIRST))
    assert.deepEqual(outcomes.toSorted(), ['last', ...Array<string>(10).fill('unlinked')])
    assert.equal((await store.findUser(id))?.identities.length, 1)
  })

  test('an identity that is unlinked many times at once is unlinked once', async (store) => {
    const { id } = await createUser(store, 1, FIRST)
    await link(store, id, SECOND)
    const outcomes = await atOnce(10, () => store.unlinkIdentity(id, SECOND))
    assert.deepEqual(outcomes.toSorted(), [...Array<string>(9).fill('missing'), 'unlinked'])
    assert.deepEqual((await store.findUser(id))?.identities, [FIRST])
    const signedIn = await store.signIn({ identity: FIRST, now: NOW })
    assert.equal(signedIn?.user.id, id)
  })
}
