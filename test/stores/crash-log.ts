// What writers that were killed have said, and whether a store keeps it.
import assert from 'node:assert/strict'
import type { Store } from 'custom-jwt-auth'

/**
 * What a call adds or removes, all of it or nothing. Things are texts: `user ID`, `identity SUBJECT of ID`,
 * `session ID`, and `rotation ID` for a session that was rotated.
 */
export interface Step {
  readonly effect: 'adds' | 'removes'
  readonly things: readonly string[]
}

/** Said before the store is asked, and when it has answered. */
export interface Line extends Step {
  readonly phase: 'asked' | 'done'
}

export function identityThing(subject: string, userId: string): string {
  return `identity ${subject} of ${userId}`
}

/**
 * What was answered is there, or gone; what was asked and not answered is there or gone as a whole; each user has an
 * identity, and each subject one user.
 */
export async function assertKept(log: readonly Line[], store: Store): Promise<void> {
  const { isThere, unanswered } = replay(log)
  const there = await thingsIn(store, log)
  for (const [thing, wanted] of isThere)
    assert.equal(there.has(thing), wanted, `${thing} is ${wanted ? 'lost' : 'still there'}`)
  for (const { effect, things } of unanswered) {
    const count = things.filter((thing) => there.has(thing)).length
    assert.ok(count === 0 || count === things.length, `half of what a call ${effect}: ${things.join(', ')}`)
  }
}

function replay(log: readonly Line[]) {
  /** Of what a call may have changed that was not answered, nothing is known. */
  const isThere = new Map<string, boolean>()
  const unanswered = new Map<string, Step>()
  for (const { phase, effect, things } of log) {
    if (phase === 'asked') unanswered.set(things.join(), { effect, things })
    else unanswered.delete(things.join())
    for (const thing of things)
      if (phase === 'asked') isThere.delete(thing)
      else isThere.set(thing, effect === 'adds')
  }
  return { isThere, unanswered: unanswered.values() }
}

/** All users and identities, and the sessions that the log is about. */
async function thingsIn(store: Store, log: readonly Line[]): Promise<Set<string>> {
  const things = new Set<string>()
  const owners = new Map<string, string>()
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await store.listUsers({ limit: 1000, after })
    for (const { id, identities } of page) {
      things.add(`user ${id}`)
      assert.ok(identities.length > 0, `the user ${id} has no identity`)
      for (const { id: subject } of identities) {
        assert.equal(owners.get(subject), undefined, `two users have ${subject}`)
        owners.set(subject, id)
        things.add(identityThing(subject, id))
      }
    }
    after = page.at(-1)?.id
  }
  const named = new Set(log.flatMap((line) => line.things.filter((thing) => thing.startsWith('session '))))
  for (const thing of named) {
    const found = await store.findSession(thing.slice('session '.length))
    if (!found) continue
    things.add(thing)
    if (found.session.generation === 1) things.add(`rotation ${found.session.id}`)
  }
  return things
}
