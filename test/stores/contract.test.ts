// The contract is worth what it finds: it passes a good store and fails broken ones, each by the tests meant for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as pause } from 'node:timers/promises'
import {
  memoryStore,
  type Identity,
  type SessionRecord,
  type SessionRequest,
  type Store,
  type UserData,
} from 'custom-jwt-auth'
import { storeContract } from 'custom-jwt-auth/testing'

/** Runs the contract and returns the titles of the tests that failed. */
async function failuresOf(makeStore: () => Store): Promise<string[]> {
  const tests: { title: string; body: () => Promise<void> }[] = []
  const describe = (_title: string, body: () => void): void => {
    body()
  }
  const it = (title: string, body: () => Promise<void>): void => {
    tests.push({ title, body })
  }
  storeContract({ describe, it }, makeStore)
  const failures: string[] = []
  for (const { title, body } of tests) await body().catch(() => failures.push(title))
  return failures
}

/** A store with one thing broken, and what has to find it: the start of the titles of all tests that fail. */
interface BrokenStore {
  readonly flaw: string
  readonly found: readonly string[]
  readonly breakIt: (good: Store) => Partial<Store>
}

const brokenStores: readonly BrokenStore[] = [
  {
    flaw: 'signIn looks for the user, then inserts it, and fails when another call was faster',
    found: [
      'simultaneous sign-ins of equal',
      '200 simultaneous sign-ins',
      '200 simultaneous sign-ins',
      'an identity that is linked while',
      'a user who is deleted',
    ],
    breakIt: (good) => ({
      async signIn(request) {
        const { newUserId, ...look } = request
        const found = await good.signIn(look)
        if (found || newUserId === undefined) return found
        await pause()
        const inserted = await good.signIn(request)
        if (inserted?.created !== true) throw new Error('duplicate key')
        return inserted
      },
    }),
  },
  {
    flaw: 'signIn tells from an earlier look whether it created the user',
    found: [
      'simultaneous sign-ins of equal',
      '200 simultaneous sign-ins',
      '200 simultaneous sign-ins',
      'an identity that is linked while',
      'a user who',
    ],
    breakIt: (good) => ({
      async signIn(request) {
        const { newUserId, ...look } = request
        const found = await good.signIn(look)
        if (found || newUserId === undefined) return found
        await pause()
        const inserted = await good.signIn(request)
        return inserted && { ...inserted, created: true }
      },
    }),
  },
  {
    flaw: 'signIn writes back the whole user that it read',
    found: ['a user who is disabled while signing in'],
    breakIt: (good) => ({
      async signIn(request) {
        const { identity, now, issuedAt } = request
        const read = await good.signIn({ identity, now, ...(issuedAt !== undefined && { issuedAt }) })
        await pause()
        const result = await good.signIn(request)
        if (read && result) await good.setUserDisabled(result.user.id, read.user.disabled)
        return result
      },
    }),
  },
  {
    flaw: 'signIn takes the data of the token that comes last',
    found: [
      'signIn keeps the data of the newest',
      'signIn takes a token for as new as now',
      'linkIdentity keeps the data',
      'importUsers takes data',
      'of 100 simultaneous sign-ins and links',
      'linkIdentity refreshes the data',
    ],
    breakIt: (good) => {
      let latest = 0
      return {
        signIn: (request) =>
          good.signIn({ ...request, issuedAt: (latest = Math.max(latest, request.now) + 1) }),
      }
    },
  },
  {
    flaw: 'signIn refreshes disabled users too',
    found: ['signIn returns a disabled user as it is'],
    breakIt: (good) => ({
      async signIn(request) {
        const found = await good.signIn(request)
        if (!found?.user.disabled) return found
        await good.setUserDisabled(found.user.id, false)
        await good.signIn(request)
        await good.setUserDisabled(found.user.id, true)
        const user = await good.findUser(found.user.id)
        return user && { user, created: false }
      },
    }),
  },
  {
    flaw: 'signIn returns the user who has newUserId in place of throwing',
    found: [
      'signIn throws when another user has newUserId',
      'of simultaneous sign-ins of different identities',
    ],
    breakIt: (good) => ({
      async signIn(request) {
        try {
          return await good.signIn(request)
        } catch (error) {
          if ((error as { code?: unknown }).code !== 'USER_ID_TAKEN') throw error
          const user = await good.findUser(request.newUserId?.() ?? '')
          return user && { user, created: false }
        }
      },
    }),
  },
  {
    flaw: 'linkIdentity tells from an earlier look whether the identity was free',
    found: ['an identity that many users link at once', 'an identity that is linked while it signs up'],
    breakIt: (good) => ({
      async linkIdentity(userId, identity, limits) {
        const users = await good.listUsers({ limit: Infinity })
        const isFree = !users.some(({ identities }) => identities.some(({ id }) => id === identity.id))
        await pause()
        const linked = await good.linkIdentity(userId, identity, limits)
        return linked === 'taken' && isFree ? ((await good.findUser(userId)) ?? 'missing') : linked
      },
    }),
  },
  {
    flaw: 'linkIdentity writes back the identities that it read',
    found: ['identities that are linked at once are at most', 'identities that one user links at once'],
    breakIt: (good) => ({
      async linkIdentity(userId, identity, limits) {
        const read = await good.findUser(userId)
        await pause()
        const user = await good.findUser(userId)
        const linked = await good.linkIdentity(userId, identity, limits)
        if (!read || !user || user.identities.length === read.identities.length) return linked
        await good.deleteUser(userId)
        const [first = identity, ...others] = read.identities
        await good.signIn({ identity: first, now: read.creation_date, newUserId: () => userId })
        for (const other of [...others, identity]) await good.linkIdentity(userId, other, limits)
        return linked
      },
    }),
  },
  {
    flaw: 'data loses the characters that a database cannot hold',
    found: ['data comes back as it was given'],
    breakIt: (good) => ({
      signIn({ identity, ...request }) {
        const text = JSON.stringify(identity.data).replaceAll('\\u0000', '')
        return good.signIn({ ...request, identity: { ...identity, data: JSON.parse(text) as UserData } })
      },
    }),
  },
  {
    flaw: 'an id that is an object is taken for a condition',
    found: ['what is not a string'],
    breakIt: (good) => ({
      async deleteUser(id) {
        const [first] = typeof id === 'object' ? await good.listUsers({ limit: 1 }) : []
        return good.deleteUser(first?.id ?? id)
      },
    }),
  },
  {
    flaw: 'a page begins with the last user of the page before',
    found: ['listUsers goes through all users'],
    breakIt: (good) => ({
      async listUsers({ limit, after = '' }) {
        const users = await good.listUsers({ limit: Infinity })
        return users.filter(({ id }) => id >= after).slice(0, limit)
      },
    }),
  },
  {
    flaw: 'identities are looked up by provider and subject joined with a colon',
    found: ['provider type, name and subject are three things'],
    breakIt: (good) => {
      const first = new Map<string, Identity>()
      const alike = (identity: Identity): Identity => {
        const joined = `${identity.provider_type}:${identity.id}`
        const { id, provider_type } = first.get(joined) ?? identity
        if (identity.provider_id !== undefined) return identity
        first.set(joined, identity)
        return { ...identity, id, provider_type }
      }
      return {
        signIn: (request) => good.signIn({ ...request, identity: alike(request.identity) }),
        linkIdentity: (id, identity, limits) => good.linkIdentity(id, alike(identity), limits),
      }
    },
  },
  {
    flaw: "the provider's name is overlooked",
    found: [
      'provider type, name and subject are three things',
      'equal subjects of different providers are different',
      'equal subjects of different providers are one user when',
      'importUsers compares the provider',
      'simultaneous sign-ins of equal subjects',
      'signIn throws for a blocked identity that nobody has',
      'signIn throws for a blocked identity of a user',
      'sessions that began with a blocked identity',
      'a block outlives the user',
    ],
    breakIt: (good) => {
      const nameless = ({ id, provider_type, data }: Identity): Identity => ({ id, provider_type, data })
      return {
        signIn: (request) => good.signIn({ ...request, identity: nameless(request.identity) }),
        linkIdentity: (id, identity, limits) => good.linkIdentity(id, nameless(identity), limits),
        importUsers: (users) =>
          good.importUsers(users.map((user) => ({ ...user, identities: user.identities.map(nameless) }))),
      }
    },
  },
  {
    flaw: 'subjects are compared without regard to case',
    found: ['every different subject is a different user', 'every different subject is free'],
    breakIt: (good) => {
      const first = new Map<string, string>()
      const alike = (identity: Identity): Identity => {
        const lower = identity.id.toLowerCase()
        const id = first.get(lower) ?? identity.id
        first.set(lower, id)
        return { ...identity, id }
      }
      return {
        signIn: (request) => good.signIn({ ...request, identity: alike(request.identity) }),
        linkIdentity: (id, identity, limits) => good.linkIdentity(id, alike(identity), limits),
      }
    },
  },
  {
    flaw: 'users are listed as they came',
    found: ['listUsers goes through all users by ascending id'],
    breakIt: (good) => {
      const ids: string[] = []
      return {
        async signIn(request) {
          const result = await good.signIn(request)
          if (result?.created) ids.push(result.user.id)
          return result
        },
        async listUsers({ limit, after = '' }) {
          const users = await good.listUsers({ limit: Infinity, after })
          return users.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)).slice(0, limit)
        },
      }
    },
  },
  {
    flaw: 'setUserDisabled returns whether it changed something',
    found: ['setUserDisabled tells whether there is such a user'],
    breakIt: (good) => ({
      async setUserDisabled(id, disabled) {
        const before = await good.findUser(id)
        await good.setUserDisabled(id, disabled)
        return before !== undefined && before.disabled !== disabled
      },
    }),
  },
  {
    flaw: 'deleteUser leaves the sessions',
    found: [
      'deleteUser deletes the sessions',
      'a user who is deleted while signing in',
      'a session that begins while its user',
    ],
    breakIt: (good) => {
      const sessions = new Map<string, SessionRecord>()
      const left = new Map<string, SessionRecord>()
      return {
        createSession(request) {
          sessions.set(request.session.id, request.session)
          return good.createSession(request)
        },
        async deleteUser(id) {
          for (const session of sessions.values())
            if (session.userId === id && (await good.findSession(session.id))) left.set(session.id, session)
          return good.deleteUser(id)
        },
        async findSession(id) {
          const session = left.get(id)
          const user = session && (await good.findUser(session.userId))
          return user ? { session, user } : good.findSession(id)
        },
      }
    },
  },
  {
    flaw: 'createSession looks for the user, then inserts the session',
    found: [
      'equal subjects of different providers are one user',
      'createSession keeps nothing when the user does not have',
      'a session that begins after its user was deleted',
      'a session that begins while its identity is unlinked',
      'sessions that began with a blocked identity',
      'a session that begins while its identity is blocked',
      'a session that begins while its user is deleted',
    ],
    breakIt: (good) => {
      const sessions = new Map<string, SessionRecord>()
      return {
        async createSession(request) {
          const { session } = request
          if (!(await good.findUser(session.userId))) return false
          await pause()
          if (!(await good.createSession(request))) sessions.set(session.id, session)
          return true
        },
        async findSession(id) {
          const orphan = sessions.get(id)
          const user = orphan && (await good.findUser(orphan.userId))
          return orphan && user ? { session: orphan, user } : good.findSession(id)
        },
      }
    },
  },
  {
    flaw: 'a block is of a user who is there alone',
    found: [
      'signIn throws for a blocked identity that nobody has',
      'signIn throws for a blocked identity of a user',
      'a block outlives the user',
      'who is blocked while signing up',
      'an identity that is blocked many times',
    ],
    breakIt: (good) => ({
      async setIdentityBlocked(identity, blocked) {
        const { user } = await good.findIdentity(identity)
        return user !== undefined && good.setIdentityBlocked(identity, blocked)
      },
      async deleteUser(id) {
        for (const own of (await good.findUser(id))?.identities ?? [])
          await good.setIdentityBlocked(own, false)
        return good.deleteUser(id)
      },
    }),
  },
  {
    flaw: 'findSession overlooks blocks',
    found: [
      'sessions that began with a blocked identity',
      'a session that begins while its identity is blocked',
    ],
    breakIt: (good) => {
      const begun = new Map<string, SessionRequest>()
      return {
        createSession(request) {
          begun.set(request.session.id, request)
          return good.createSession(request)
        },
        async findSession(id) {
          const { identity } = begun.get(id) ?? {}
          if (!identity || !(await good.findIdentity(identity)).blocked) return good.findSession(id)
          await good.setIdentityBlocked(identity, false)
          const found = await good.findSession(id)
          await good.setIdentityBlocked(identity, true)
          return found
        },
      }
    },
  },
  {
    flaw: 'rotateSession does not compare the generation',
    found: [
      'rotateSession answers the token before the newest',
      'rotateSession bears a clock that is behind',
      'rotateSession and removeExpiredSessions take fractions',
      'rotateSession without overlap',
      'rotateSession ends the session for an older token',
      'rotateSession ends the session for a token that it never gave',
      'revokeSessions does not count',
    ],
    breakIt: (good) => ({
      async rotateSession(request) {
        const found = await good.findSession(request.id)
        return good.rotateSession({ ...request, generation: found?.session.generation ?? 0 })
      },
    }),
  },
  {
    flaw: 'rotateSession compares the generation, then counts up',
    found: [
      'of 100 simultaneous uses of one refresh token',
      'of 100 uses of one refresh token at different times',
    ],
    breakIt: (good) => ({
      async rotateSession(request) {
        const found = await good.findSession(request.id)
        if (found?.session.generation !== request.generation) return good.rotateSession(request)
        await pause()
        const { session } = (await good.findSession(request.id)) ?? found
        return good.rotateSession({ ...request, generation: session.generation })
      },
    }),
  },
  {
    flaw: 'the overlap ends a moment too early',
    found: [
      'rotateSession answers the token before',
      'rotateSession and removeExpiredSessions take fractions',
      'rotateSession without overlap',
      'of 100 simultaneous uses',
    ],
    breakIt: (good) => ({
      rotateSession: (request) =>
        good.rotateSession({ ...request, overlapSeconds: request.overlapSeconds - 1 }),
    }),
  },
  {
    flaw: 'a session is removed a moment after it expires',
    found: [
      'rotateSession and removeExpiredSessions take fractions',
      'removeExpiredSessions removes what expires now',
      'removeExpiredSessions removes at most limit',
    ],
    breakIt: (good) => ({
      removeExpiredSessions: ({ now, limit }) => good.removeExpiredSessions({ now: now - 1, limit }),
    }),
  },
  {
    flaw: 'importUsers replaces users that are there',
    found: [
      'importUsers leaves a user whose id is known',
      'importUsers calls a user known',
      'importUsers tells what became',
      'a batch that is sent again',
    ],
    breakIt: (good) => ({
      async importUsers(users) {
        for (const { id } of users) await good.deleteUser(id)
        return good.importUsers(users)
      },
    }),
  },
  {
    flaw: 'importUsers adds a user without the identities that are taken',
    found: ['importUsers adds nothing of a user', 'importUsers tells what became'],
    breakIt: (good) => ({
      async importUsers(users) {
        const outcomes = await good.importUsers(users)
        for (const [index, outcome] of outcomes.entries()) {
          const [user] = users.slice(index)
          if (outcome !== 'taken' || !user) continue
          await good.importUsers([{ ...user, identities: [] }])
          for (const identity of user.identities)
            await good.linkIdentity(user.id, identity, {
              issuedAt: user.last_authentication_date,
              maxIdentities: 1000,
            })
        }
        return outcomes
      },
    }),
  },
  {
    flaw: 'importUsers tells from an earlier look who was there',
    found: ['importUsers goes through a list', 'simultaneous imports'],
    breakIt: (good) => ({
      async importUsers(users) {
        const known = new Set((await good.listUsers({ limit: Infinity })).map(({ id }) => id))
        await pause()
        const outcomes = await good.importUsers(users)
        const outcomeNow = (index: number) => (outcomes[index] === 'taken' ? 'taken' : 'added')
        return users.map(({ id }, index) => (known.has(id) ? 'known' : outcomeNow(index)))
      },
    }),
  },
  {
    flaw: 'importUsers forgets who was disabled',
    found: ['importUsers adds users with all'],
    breakIt: (good) => ({
      importUsers: (users) => good.importUsers(users.map((user) => ({ ...user, disabled: false }))),
    }),
  },
]

test('the contract passes a good store', async () => {
  assert.deepEqual(await failuresOf(() => memoryStore()), [])
})

for (const { flaw, found, breakIt } of brokenStores) {
  test(`the contract finds that ${flaw}`, async () => {
    const failures = await failuresOf(() => {
      const good = memoryStore()
      return { ...good, ...breakIt(good) }
    })
    assert.deepEqual(
      failures.map((title, index) => found.find((start) => title.startsWith(start)) ?? `${index}: ${title}`),
      found,
    )
  })
}
