// A process that works on a store without end, until it is killed. On stdout it says what it asks of the store, and
// what the store has answered: see crash-log.ts.
// Arguments: sqlite or postgres; the file or the schema; the number of its round, and of this process in all rounds.
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { postgresStore } from '../../lib/stores/sql/postgres.js'
import { sqliteStore } from '../../lib/stores/sql/sqlite.js'
import type { Store } from '../../lib/stores/store.js'
import { begin, identity, link, NOW, objectId, session } from '../../lib/testing/store-contract/support.js'
import type { MaybePromise } from '../../lib/user.js'
import { identityThing, type Line, type Step } from './crash-log.js'

const [kind, place = '', round = '', number] = process.argv.slice(2)
const LANES = 2

// Synchronous, so that what was said has left this process before its next step.
writeSync(1, '\n')
const say = (line: Line): unknown => writeSync(1, `${JSON.stringify(line)}\n`)

const store = kind === 'sqlite' ? sqliteStore({ path: place }) : await openPostgres(place)
await store.ready?.()

async function openPostgres(schema: string): Promise<Store> {
  const { Pool } = await import('pg')
  const url = process.env['POSTGRES_URL']
  return postgresStore({
    pool: new Pool({ connectionString: url, application_name: schema, max: LANES }),
    schema,
  })
}

async function ask<T>(steps: readonly Step[], call: () => MaybePromise<T>, expected: T): Promise<void> {
  for (const step of steps) say({ phase: 'asked', ...step })
  assert.deepEqual(await call(), expected)
  for (const step of steps) say({ phase: 'done', ...step })
}

const adds = (...things: string[]): Step => ({ effect: 'adds', things })
const removes = (...things: string[]): Step => ({ effect: 'removes', things })

let lastId = Number(number) * 1_000_000
const nextNumber = (): number => (lastId += 1)

async function signUp(subject: string, newUserId: string) {
  const result = await store.signIn({ identity: identity(subject), now: NOW, newUserId: () => newUserId })
  assert.ok(result)
  return result
}

/** A user with two identities and two sessions, of whom something is removed at the end. */
async function live(life: number): Promise<void> {
  const id = objectId(nextNumber())
  const [a, b] = [nextNumber(), nextNumber()]
  const [one, two] = [`one of ${id}`, `two of ${id}`]
  const [sessionA, sessionB] = [`session ${objectId(a)}`, `session ${objectId(b)}`]
  const user = [`user ${id}`, identityThing(one, id)]
  const rotated = `rotation ${objectId(a)}`
  await ask([adds(...user)], async () => (await signUp(one, id)).created, true)
  await ask(
    [adds(identityThing(two, id))],
    async () => typeof (await link(store, id, identity(two))),
    'object',
  )
  const owned = { identity: identity(one) }
  await ask([adds(sessionA)], () => begin(store, session(a, id), owned), true)
  await ask([adds(sessionB)], () => begin(store, session(b, id), owned), true)
  const rotation = { id: objectId(a), generation: 0, now: NOW, overlapSeconds: 0 }
  await ask([adds(rotated)], async () => (await store.rotateSession(rotation)).outcome, 'rotated')
  const ofSessions = [sessionA, rotated, sessionB]
  const removals = [
    () => ask([removes(sessionA, rotated)], () => store.revokeSession(objectId(a)), true),
    () => ask([removes(...ofSessions)], () => store.revokeSessions(id), 2),
    () => ask([removes(...user, identityThing(two, id), ...ofSessions)], () => store.deleteUser(id), true),
    () => undefined,
  ]
  await removals[life % removals.length]?.()
}

async function importSome(): Promise<void> {
  const users = Array.from({ length: 5 }, () => {
    const id = objectId(nextNumber())
    const identities = [identity(`first of ${id}`), identity(`second of ${id}`)]
    const dates = { creation_date: NOW, last_authentication_date: NOW }
    return { id, type: 'normal' as const, identities, disabled: false, ...dates }
  })
  const steps = users.map(({ id, identities }) =>
    adds(`user ${id}`, ...identities.map((owned) => identityThing(owned.id, id))),
  )
  await ask(
    steps,
    () => store.importUsers(users),
    users.map(() => 'added'),
  )
}

/** All writers of a round sign these subjects up, at about the same moment, each with an id of its own. */
async function signUpShared(life: number): Promise<void> {
  const subject = `shared ${round} ${String(life)}`
  const { user } = await signUp(subject, objectId(nextNumber()))
  say({ phase: 'done', ...adds(`user ${user.id}`, identityThing(subject, user.id)) })
}

async function work(lane: number): Promise<never> {
  for (let life = lane; ; life += LANES) {
    await signUpShared(life)
    await live(life)
    await importSome()
  }
}
await Promise.all(Array.from({ length: LANES }, (_, lane) => work(lane)))
