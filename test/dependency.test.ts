import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { isAuthError, type ErrorCode } from 'custom-jwt-auth'
import { createDependency, type Dependency } from '../lib/dependency.js'

const MAX_UNANSWERED = 10
const TIMEOUT_SECONDS = 5

/** A dependency on a clock that only the test moves. */
function startDependency(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let time = 0
  return {
    dependency: createDependency(TIMEOUT_SECONDS, { maxUnanswered: MAX_UNANSWERED, now: () => time }),
    passTimeout: (): void => {
      time += TIMEOUT_SECONDS * 1000
      t.mock.timers.tick(TIMEOUT_SECONDS * 1000)
    },
  }
}

/** What a call failed for, or `answered`. */
async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'answered'
  } catch (error) {
    assert.ok(isAuthError(error))
    return `${error.code}: ${(error.cause as Error).message}`
  }
}

/** Something that is not ours and answers when a test lets it. */
function heldDependency(dependency: Dependency, code: ErrorCode = 'STORE_UNAVAILABLE') {
  const waiting: (() => void)[] = []
  let calls = 0
  const call = () =>
    outcomeOf(() =>
      dependency(code, () => {
        calls += 1
        return new Promise<void>((resolve) => waiting.push(resolve))
      }),
    )
  return {
    call,
    calls: () => calls,
    many: (count: number) => Promise.all(Array.from({ length: count }, call)),
    answerNewest: () => waiting.pop()?.(),
    answerAll() {
      for (const answer of waiting.splice(0)) answer()
    },
  }
}

const LATE = `STORE_UNAVAILABLE: no answer within ${TIMEOUT_SECONDS} s`
const FULL = `STORE_UNAVAILABLE: ${MAX_UNANSWERED} calls are unanswered`

describe('calls to what is not ours', () => {
  test('start a query that waits for its then() once', async () => {
    let started = 0
    const query = {
      then(resolve: (answer: string) => void) {
        started += 1
        resolve('rows')
      },
    }
    const dependency = createDependency(TIMEOUT_SECONDS)
    assert.equal(await dependency('STORE_UNAVAILABLE', () => query as unknown as Promise<string>), 'rows')
    assert.equal(started, 1)
  })

  test('ten thousand of them may wait at once, and all get their answer', async () => {
    const held = heldDependency(createDependency(5))
    const outcomes = held.many(10_000)
    held.answerAll()
    assert.deepEqual(new Set(await outcomes), new Set(['answered']))
  })

  test('more fail at once, and are never made, but for one within each time', async (t) => {
    const { dependency, passTimeout } = startDependency(t)
    const held = heldDependency(dependency)
    const late = held.many(MAX_UNANSWERED)
    assert.equal(held.calls(), MAX_UNANSWERED)
    const trial = held.call()
    assert.equal(await held.call(), FULL)
    assert.equal(held.calls(), MAX_UNANSWERED + 1)
    passTimeout()
    assert.deepEqual(new Set([...(await late), await trial]), new Set([LATE]))
    const next = held.many(3)
    passTimeout()
    assert.deepEqual(await next, [LATE, FULL, FULL])
    assert.equal(held.calls(), MAX_UNANSWERED + 2)
  })

  test('there is room again for each one that is answered, however late', async (t) => {
    const { dependency, passTimeout } = startDependency(t)
    const held = heldDependency(dependency)
    const early = held.many(MAX_UNANSWERED)
    held.answerNewest()
    await new Promise(setImmediate)
    const roomAndTrial = held.many(2)
    assert.equal(await held.call(), FULL)
    passTimeout()
    await Promise.all([early, roomAndTrial])
    held.answerAll()
    await new Promise(setImmediate)
    void held.many(MAX_UNANSWERED)
    assert.equal(held.calls(), 2 * MAX_UNANSWERED + 2)
  })

  test('when one of them is answered in time after all, those that nobody will answer bar no others', async (t) => {
    const { dependency, passTimeout } = startDependency(t)
    const held = heldDependency(dependency)
    const lost = held.many(MAX_UNANSWERED)
    const late = held.call()
    passTimeout()
    await lost
    assert.equal(await late, LATE)
    held.answerNewest()
    await new Promise(setImmediate)
    const trial = held.call()
    assert.equal(await held.call(), FULL, 'an answer that was late changes nothing')
    held.answerNewest()
    assert.equal(await trial, 'answered')
    void held.many(2)
    assert.equal(held.calls(), MAX_UNANSWERED + 4)
  })

  test('those to one dependency do not count for another', async (t) => {
    const { dependency, passTimeout } = startDependency(t)
    const loader = heldDependency(dependency, 'CUSTOM_DATA_UNAVAILABLE')
    const store = heldDependency(dependency)
    const outcomes = [loader.many(MAX_UNANSWERED), store.many(MAX_UNANSWERED)]
    passTimeout()
    await Promise.all(outcomes)
    assert.deepEqual([loader.calls(), store.calls()], [MAX_UNANSWERED, MAX_UNANSWERED])
  })
})
