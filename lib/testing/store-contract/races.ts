import assert from 'node:assert/strict'
import {
  atOnce,
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

/** Ten calls at once; in each round another of them is the odd one out, from the first to the last. */
const ROUNDS = 10

export function races(test: StoreTest): void {
  test('200 simultaneous sign-ins of one identity make one user, whatever ids they bring', async (store) => {
    const results = await atOnce(200, (index) =>
      store.signIn({
        identity: identity('24601', { index }),
        now: NOW + index,
        newUserId: () => objectId(index + 1),
      }),
    )
    assert.equal(results.filter((result) => result?.created === true).length, 1)
    assert.equal(new Set(results.map((result) => result?.user.id)).size, 1)
    const all = await store.listUsers({ limit: 10 })
    assert.deepEqual(idsOf(all), [results[0]?.user.id])
  })

  test('200 simultaneous sign-ins that bring the same id make one user, and none fails', async (store) => {
    const request = { identity: identity('24601'), now: NOW, newUserId: () => objectId(1) }
    const results = await atOnce(200, () => store.signIn(request))
    assert.equal(results.filter((result) => result?.created === true).length, 1)
    assert.deepEqual(new Set(results.map((result) => result?.user.id)), new Set([objectId(1)]))
  })

  test('of simultaneous sign-ins of different identities that bring one id, one succeeds', async (store) => {
    const requests = Array.from({ length: 50 }, (_, index) => ({
      identity: identity(`subject ${index}`),
      now: NOW,
      newUserId: () => objectId(1),
    }))
    const results = await Promise.allSettled(requests.map(async (request) => store.signIn(request)))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    const owners = await atOnce(50, (index) => ownerOf(store, identity(`subject ${index}`)))
    assert.deepEqual(
      owners.filter((owner) => owner !== undefined),
      [objectId(1)],
    )
  })

  test('an identity that many users link at once gets one owner', async (store) => {
    for (let index = 0; index < 50; index += 1) await createUser(store, index + 1)
    const wanted = identity('24601')
    const results = await atOnce(50, (index) => link(store, objectId(index + 1), wanted))
    const winners = results.flatMap((result) => (typeof result === 'object' ? [result.id] : []))
    assert.equal(winners.length, 1)
    assert.equal(results.filter((result) => result === 'taken').length, 49)
    assert.equal(await ownerOf(store, wanted), winners[0])
    const holders = (await store.listUsers({ limit: 100 })).filter(({ identities }) =>
      identities.some(({ id }) => id === wanted.id),
    )
    assert.deepEqual(idsOf(holders), winners)
  })

  test('an identity that is linked while it signs up gets one owner', async (store) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const wanted = identity(`wanted ${round}`)
      const linker = await createUser(store, round)
      const signUp = async () =>
        store.signIn({ identity: wanted, now: NOW, newUserId: () => objectId(1000 + round) })
      const linkIt = async () => link(store, linker.id, wanted)
      const early = round % 2 === 0 ? linkIt() : undefined
      const [signedIn, linked] = await Promise.all([signUp(), early ?? linkIt()])
      assert.equal(signedIn?.created, linked === 'taken')
      assert.equal(signedIn.user.id, linked === 'taken' ? objectId(1000 + round) : linker.id)
      assert.equal(await ownerOf(store, wanted), signedIn.user.id)
    }
  })

  test('identities that one user links at once, while it signs in, are all kept', async (store) => {
    const user = await createUser(store, 1, identity('24601'))
    await atOnce(50, (index) =>
      index % 5 === 0
        ? store.signIn({ identity: identity('24601', { index }), now: NOW + index })
        : link(store, user.id, identity(`linked ${index}`)),
    )
    const found = await store.findUser(user.id)
    const kept = new Set(found?.identities.map(({ id }) => id))
    const linked = Array.from({ length: 50 }, (_, index) => index).filter((index) => index % 5 !== 0)
    assert.deepEqual(kept, new Set(['24601', ...linked.map((index) => `linked ${index}`)]))
    assert.equal(found?.identities.length, kept.size)
  })

  test('a user who is disabled while signing in stays disabled', async (store) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const owned = identity(`subject ${round}`)
      const { id } = await createUser(store, round, owned)
      await atOnce(10, (index) =>
        index === round - 1
          ? store.setUserDisabled(id, true)
          : store.signIn({ identity: owned, now: NOW + index, newUserId: () => id }),
      )
      assert.equal((await store.findUser(id))?.disabled, true)
    }
  })

  test('a user who is deleted while signing in is whole or gone', async (store) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const owned = identity(`subject ${round}`)
      const { id } = await createUser(store, round, owned)
      await createSession(store, session(round, id))
      const outcomes = await atOnce(10, async (index) => {
        if ((index + round) % 4 === 0) return (await store.deleteUser(id)) ? -1 : 0
        const result = await store.signIn({ identity: owned, now: NOW, newUserId: () => id })
        assert.equal(result?.user.id, id)
        return result.created ? 1 : 0
      })
      const balance = outcomes.reduce<number>((sum, change) => sum + change, 1)
      const found = await store.findUser(id)
      assert.equal(balance, found ? 1 : 0, 'users created and deleted')
      assert.equal(await ownerOf(store, owned), found?.id)
      if (!found) await createUser(store, round, owned)
      assert.equal(await store.findSession(objectId(round)), undefined, 'the session ended with its user')
    }
  })

  test('a session that begins while its user is deleted is gone, also for a later user', async (store) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { id } = await createUser(store, round)
      await atOnce(10, (index) =>
        index === round - 1 ? store.deleteUser(id) : begin(store, session(100 * round + index, id)),
      )
      await createUser(store, round)
      assert.equal(await store.revokeSessions(id), 0)
      for (let index = 0; index < 10; index += 1)
        assert.equal(await store.findSession(objectId(100 * round + index)), undefined)
    }
  })

  test('an identity that is linked while its user is deleted is free', async (store) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { id } = await createUser(store, round)
      await atOnce(10, (index) =>
        index === round - 1 ? store.deleteUser(id) : link(store, id, identity(`${round} ${index}`)),
      )
      assert.equal(await store.findUser(id), undefined)
      const owners = await atOnce(10, (index) => ownerOf(store, identity(`${round} ${index}`)))
      assert.deepEqual(
        owners.filter((owner) => owner !== undefined),
        [],
      )
    }
  })

  test('of 100 simultaneous uses of one refresh token, one rotates it and the others see that', async (store) => {
    const user = await createUser(store, 1)
    const { id } = await createSession(store, session(10, user.id))
    const request = { id, generation: 0, now: NOW, overlapSeconds: 0 }
    const results = await atOnce(100, () => store.rotateSession(request))
    const outcomes = results.map(({ outcome }) => outcome).sort()
    assert.deepEqual(outcomes, [...Array<string>(99).fill('current'), 'rotated'])
    assert.equal((await store.findSession(id))?.session.generation, 1)
  })

  test('of 100 uses of one refresh token at different times, one rotates it, one ends it', async (store) => {
    const user = await createUser(store, 1)
    const { id } = await createSession(store, session(10, user.id))
    const results = await atOnce(100, (index) =>
      store.rotateSession({ id, generation: 0, now: NOW + index, overlapSeconds: 0 }),
    )
    const outcomes = results.map(({ outcome }) => outcome)
    assert.equal(outcomes.filter((outcome) => outcome === 'rotated').length, 1)
    // None, when the use with the latest time happened to come first.
    const ended = outcomes.filter((outcome) => outcome === 'reused').length
    assert.ok(ended <= 1, `the session ended ${ended} times`)
    assert.equal((await store.findSession(id)) === undefined, ended === 1)
  })

  test('a session that is revoked while it rotates is gone', async (store) => {
    const user = await createUser(store, 1)
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { id } = await createSession(store, session(round, user.id))
      const revoked = await atOnce(10, async (index) => {
        if ((index + round) % 4 === 0) return store.revokeSession(id)
        await store.rotateSession({ id, generation: 0, now: NOW, overlapSeconds: 10 })
        return false
      })
      assert.equal(revoked.filter(Boolean).length, 1)
      assert.equal(await store.findSession(id), undefined)
    }
  })

  test('sessions that are revoked many times at once are counted once', async (store) => {
    const user = await createUser(store, 1)
    for (let id = 1; id <= 20; id += 1) await createSession(store, session(id, user.id))
    const counts = await atOnce(10, () => store.revokeSessions(user.id))
    assert.equal(
      counts.reduce((sum, revoked) => sum + revoked, 0),
      20,
    )
  })
}
