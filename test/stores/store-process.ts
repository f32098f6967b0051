// One of the processes of processes.test.ts, with a store of its own.
import { setTimeout as sleep } from 'node:timers/promises'
import type { SignInRequest, Store } from 'custom-jwt-auth'
import { answerQuestions } from '../support/processes.js'
import type { Verb } from '../support/wrapped-store.js'
import { openStore, type Place } from './open-store.js'

/** A sign-in, with an id where the store gets a function, which cannot be sent to a process. */
export type SignIn = readonly ['signIn', Omit<SignInRequest, 'newUserId'> & { newUserId?: string }]

/** A verb of the store with its arguments. */
export type Call = { [V in Verb]: V extends 'signIn' ? SignIn : readonly [V, ...Parameters<Store[V]>] }[Verb]

let store: Store
let prepared: readonly Call[] = []

/** A refusal that the test has to see; other errors end it. */
const BLOCKED = { user: undefined, code: 'IDENTITY_BLOCKED' }

async function make(call: Call): Promise<unknown> {
  const [verb, ...args] = call[0] === 'signIn' ? withFunction(call) : call
  try {
    return await (store[verb] as (...args: unknown[]) => unknown)(...args)
  } catch (error) {
    if ((error as { code?: unknown }).code === BLOCKED.code) return BLOCKED
    throw error
  }
}

function withFunction([verb, { newUserId, ...request }]: SignIn) {
  return [verb, { ...request, ...(newUserId !== undefined && { newUserId: () => newUserId }) }] as const
}

const tasks = {
  async open(place: Place): Promise<void> {
    store = openStore(place).store
    await store.ready?.()
    // Opens all connections, so that the first calls of a race run beside each other too.
    await Promise.all(Array.from({ length: 50 }, async () => store.findUser('')))
  },

  prepare(calls: readonly Call[]): void {
    prepared = calls
  },

  /** Makes all prepared calls at once, at a time that all processes are told. Times are in milliseconds since 1970. */
  async go(start: number) {
    await sleep(start - Date.now())
    const from = Date.now()
    const answers = await Promise.all(prepared.map(make))
    return { answers, from, to: Date.now() }
  },
}

export type StoreTasks = typeof tasks
answerQuestions(tasks)
