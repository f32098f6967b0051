// Races across processes of the operating system, which share nothing but the database.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Identity, Store } from 'custom-jwt-auth'
import { startProcess } from '../support/processes.js'
import { newUserId } from '../../lib/users/user-id.js'
import { identity, idsOf, named, NOW, objectId, session } from '../../lib/testing/store-contract/support.js'
import { databases } from './databases.js'
import type { Call, StoreTasks } from './store-process.js'

type Answer<C extends Call> = Awaited<ReturnType<Store[C[0]]>>
type SignIn = Extract<Call, readonly ['signIn', ...unknown[]]>
type Link = Extract<Call, readonly ['linkIdentity', ...unknown[]]>
type Find = Extract<Call, readonly ['findSession', ...unknown[]]>
type Block = Extract<Call, readonly ['setIdentityBlocked', ...unknown[]]>
type Rotate = Extract<Call, readonly ['rotateSession', ...unknown[]]>

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

const processes = times(4, () => startProcess<StoreTasks>(new URL('store-process.ts', import.meta.url)))
after(() => Promise.all(processes.map((process) => process.end())))

/** For how many milliseconds all of them were at it in one race. */
let longestOverlap = 0

/** Every process makes its calls, all at the same moment. Returns the answers of each. */
async function race<C extends Call>(callsOf: (process: number) => readonly C[]): Promise<Answer<C>[][]> {
  await Promise.all(processes.map((process, index) => process.ask('prepare', callsOf(index))))
  const start = Date.now() + 5
  const runs = await Promise.all(processes.map((process) => process.ask('go', start)))
  const begun = Math.max(...runs.map(({ from }) => from))
  const ended = Math.min(...runs.map(({ to }) => to))
  longestOverlap = Math.max(longestOverlap, ended - begun)
  return runs.map(({ answers }) => answers as Answer<C>[])
}

/**
 * A race for each of many things, a few at a time: the fewer calls, the closer the processes stay together.
 * @returns for each thing the four answers
 */
async function races<C extends Call>(count: number, callOf: (process: number, index: number) => C) {
  const answers: Answer<C>[][] = []
  for (let done = 0; done < count; done += 5) {
    const few = await race((process) => times(5, (index) => callOf(process, done + index)))
    answers.push(...times(5, (index) => few.flatMap((own) => own.slice(index, index + 1))))
  }
  return answers
}

/** One process alone makes one call. */
async function call<C extends Call>(made: C): Promise<Answer<C> | undefined> {
  return (await race<C>((process) => (process === 0 ? [made] : [])))[0]?.[0]
}

/** How often each value is there. */
function tally(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1
  return counts
}

const signIn = (owned: Identity, newUserId?: string): SignIn => [
  'signIn',
  { identity: owned, now: NOW, ...(newUserId !== undefined && { newUserId }) },
]

async function createUser(number: number): Promise<string> {
  const answer = await call(signIn(identity(`user ${number}`), objectId(number)))
  assert.equal(answer?.created, true)
  return answer.user.id
}

/** Whose each identity is, which every process has to see alike. */
async function ownersOf(identities: readonly Identity[]): Promise<unknown[]> {
  const answers = await race(() => identities.map((owned) => signIn(owned)))
  const [owners = [], ...others] = answers.map((own) => own.map((answer) => answer?.user.id))
  for (const other of others) assert.deepEqual(other, owners)
  return owners
}

/** Whose an identity is, or why it is not, as an answer to a sign-in or a link says it. */
function told(answer: Answer<SignIn> | Answer<Link>): string | undefined {
  if (typeof answer !== 'object') return answer
  return 'user' in answer ? answer.user.id : answer.id
}

for (const { name, skip, newPlace } of databases)
  describe(`four processes on ${name}`, { skip }, () => {
    before(async () => {
      longestOverlap = 0
      const place = newPlace()
      // At the same moment as well: all of them want to make the tables.
      await Promise.all(processes.map((process) => process.ask('open', place)))
    })

    test('200 first logins of one person at each make one user, whatever ids they bring', async () => {
      const answers = await race((process) =>
        times(200, (index) => signIn(identity('24601'), objectId(100_000 * (process + 1) + index))),
      )
      const all = answers.flat()
      assert.deepEqual(tally(all.map((answer) => answer?.created)), { true: 1, false: 799 })
      const users = idsOf((await call(['listUsers', { limit: 1000 }])) ?? [])
      assert.deepEqual(tally(all.map((answer) => answer?.user.id)), { [users[0] ?? '']: 800 })
      assert.equal(users.length, 1)
    })

    test('200 people who first log in at all of them are each created once, with one id', async () => {
      const answers = await races(200, (_process, index) =>
        signIn(identity(`person ${index}`), objectId(10_000 + index)),
      )
      for (const [index, each] of answers.entries()) {
        assert.deepEqual(tally(each.map((answer) => answer?.created)), { true: 1, false: 3 })
        assert.deepEqual(tally(each.map((answer) => answer?.user.id)), { [objectId(10_000 + index)]: 4 })
      }
    })

    /** What comes of 100 uses of one refresh token at once, and of four uses of each of 50 others. */
    async function rotate(firstId: number, overlapSeconds: number) {
      const userId = await createUser(firstId)
      const sessions = times(51, (index) => session(firstId + index, userId))
      for (const record of sessions)
        assert.equal(
          await call([
            'createSession',
            { session: record, identity: identity(`user ${firstId}`), maxPerUser: 100 },
          ]),
          true,
        )
      const use = (index: number): Rotate => [
        'rotateSession',
        { id: sessions[index]?.id ?? '', generation: 0, now: NOW, overlapSeconds },
      ]
      const together = (await race(() => times(25, () => use(50)))).flat()
      const each = await races(50, (_process, index) => use(index))
      const outcomes = [...each, together].map((answers) => tally(answers.map(({ outcome }) => outcome)))
      const kept = await race(() => sessions.map(({ id }): Find => ['findSession', id]))
      const generations = kept.flat().map((found) => found?.session.generation)
      return { together: outcomes.pop(), each: outcomes, generations: new Set(generations) }
    }

    test('of 100 simultaneous rotations one rotates, and the others see that', async () => {
      const { together, each, generations } = await rotate(1000, 10)
      assert.deepEqual(together, { rotated: 1, current: 99 })
      for (const outcomes of each) assert.deepEqual(outcomes, { rotated: 1, current: 3 })
      assert.deepEqual(generations, new Set([1]))
    })

    test('of 100 rotations without an overlap one rotates, and one ends the session', async () => {
      // Less than none: the same second is too late as well.
      const { together, each, generations } = await rotate(2000, -1)
      assert.deepEqual(together, { rotated: 1, reused: 1, missing: 98 })
      for (const outcomes of each) assert.deepEqual(outcomes, { rotated: 1, reused: 1, missing: 2 })
      assert.deepEqual(generations, new Set([undefined]))
    })

    test('50 identities that a user at each links at once get one owner each', async () => {
      const users: string[] = []
      for (const number of [1, 2, 3, 4]) users.push(await createUser(number))
      const wanted = (index: number) => identity(`linked ${index}`)
      const answers = await races(50, (process, index): Link => [
        'linkIdentity',
        users[process] ?? '',
        wanted(index),
        { issuedAt: NOW, maxIdentities: 100 },
      ])
      const owners = await ownersOf(times(50, wanted))
      for (const [index, each] of answers.entries()) {
        const expected = users.map((user) => (user === owners[index] ? user : 'taken'))
        assert.deepEqual(each.map(told), expected)
      }
    })

    test('50 identities that two link while they sign up at two others get one owner each', async () => {
      const users = [await createUser(5), await createUser(6)]
      const wanted = (index: number) => identity(`wanted ${index}`)
      const answers = await races<Link | SignIn>(50, (process, index) => {
        const user = users[process]
        if (user !== undefined)
          return ['linkIdentity', user, wanted(index), { issuedAt: NOW, maxIdentities: 100 }]
        return signIn(wanted(index), objectId(20_000 + 100 * process + index))
      })
      const owners = await ownersOf(times(50, wanted))
      for (const [index, each] of answers.entries()) {
        const owner = owners[index]
        const expected = [...users.map((user) => (user === owner ? owner : 'taken')), owner, owner]
        assert.deepEqual(each.map(told), expected)
        const created = each.filter(
          (answer) => typeof answer === 'object' && 'created' in answer && answer.created,
        )
        assert.equal(created.length, users.some((user) => user === owner) ? 0 : 1)
      }
    })

    test('100 equal subjects of two providers are two users each, one when linked, and two again when unlinked', async () => {
      const own = (provider: number, index: number) =>
        named(provider % 2 ? 'staff' : 'people', `equal ${index}`)
      const idOf = (provider: number, index: number) => newUserId('app', own(provider, index), undefined)
      const signInBoth = () =>
        races(100, (process, index) => signIn(own(process, index), idOf(process, index)))
      for (const [index, each] of (await signInBoth()).entries()) {
        assert.equal(each.filter((answer) => answer?.created).length, 2)
        const ids = each.map((answer) => answer?.user.id)
        assert.deepEqual(
          ids,
          [0, 1, 2, 3].map((process) => idOf(process, index)),
        )
        assert.notEqual(ids[0], ids[1])
      }
      for (let index = 0; index < 100; index += 1) {
        const terms = { issuedAt: NOW, maxIdentities: 2 }
        assert.equal(await call(['linkIdentity', idOf(0, index), own(1, index), terms]), 'taken')
        assert.equal(await call(['deleteUser', idOf(1, index)]), true)
        assert.equal(typeof (await call(['linkIdentity', idOf(0, index), own(1, index), terms])), 'object')
      }
      for (const [index, each] of (await signInBoth()).entries())
        assert.deepEqual(tally(each.map((answer) => answer?.user.id)), { [idOf(0, index)]: 4 })
      for (let index = 0; index < 100; index += 1)
        assert.equal(await call(['unlinkIdentity', idOf(0, index), own(1, index)]), 'unlinked')
      for (const [index, each] of (await signInBoth()).entries()) {
        assert.equal(each.filter((answer) => answer?.created).length, 1)
        assert.deepEqual(
          each.map((answer) => answer?.user.id),
          [0, 1, 2, 3].map((process) => idOf(process, index)),
        )
      }
    })

    test('100 people whom one process blocks while they sign up at three are refused at all from then on', async () => {
      const wanted = (index: number) => identity(`blocked ${index}`)
      const signUp = (index: number) => signIn(wanted(index), objectId(40_000 + index))
      await races<SignIn | Block>(100, (process, index) =>
        process === index % 4 ? ['setIdentityBlocked', wanted(index), true] : signUp(index),
      )
      const before = (await call(['listUsers', { limit: 1000 }]))?.length
      for (const answers of await race(() => times(100, signUp)))
        for (const answer of answers) assert.deepEqual(answer, { user: undefined, code: 'IDENTITY_BLOCKED' })
      assert.equal((await call(['listUsers', { limit: 1000 }]))?.length, before)
    })

    test('and they were races: all four made their calls at the same time', async (t) => {
      // A machine that is busy may have run one process after the other so far: then they race on until they meet.
      for (let number = 0; longestOverlap <= 0 && number < 100; number += 1) {
        const owned = identity(`late ${number}`)
        const answers = await race((process) => times(200, () => signIn(owned, objectId(30_000 + process))))
        assert.equal(answers.flat().filter((answer) => answer?.created).length, 1)
      }
      t.diagnostic(`for up to ${longestOverlap} ms`)
      assert.ok(longestOverlap > 0)
    })
  })
