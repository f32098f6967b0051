// Middleware that is made for each request fetches the key set for each request: Node says so, once.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setImmediate as nextTick } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { customJwtAuth } from 'custom-jwt-auth'

const guardOf = (jwkUri: string) => customJwtAuth({ appId: 'myapp-abcde', jwkUri })

function watchWarnings(t: TestContext): Error[] {
  const warnings: Error[] = []
  const watch = (warning: Error): void => {
    warnings.push(warning)
  }
  process.on('warning', watch)
  t.after(() => process.off('warning', watch))
  return warnings
}

test('the tenth guard of one issuer is worth a warning, and no later one', async (t) => {
  const warnings = watchWarnings(t)
  const uri = 'https://one.example/jwks'
  for (let count = 1; count <= 9; count += 1) guardOf(uri)
  await nextTick()
  assert.deepEqual(warnings, [])

  const warned = once(process, 'warning')
  guardOf(uri)
  const [{ name, code, message }] = (await warned) as [Error & { code: string }]
  assert.deepEqual([name, code], ['CustomJwtAuthWarning', 'MANY_GUARDS'])
  assert.match(message, /^10 guards fetch the keys of https:\/\/one\.example\/jwks, .+ Make the guard once/)

  for (let count = 11; count <= 30; count += 1) guardOf(uri)
  await nextTick()
  assert.equal(warnings.length, 1)
})

test('a guard that is closed twice is one less, not two', async () => {
  const uri = 'https://three.example/jwks'
  const [first] = Array.from({ length: 9 }, () => guardOf(uri))
  await first?.close()
  await first?.close()
  const warned = once(process, 'warning')
  guardOf(uri)
  guardOf(uri)
  const [{ message }] = (await warned) as [Error]
  assert.match(message, /^10 guards fetch the keys of https:\/\/three\.example\/jwks/)
})

test('guards of many issuers are none too many, and neither are those that were closed', async (t) => {
  const warnings = watchWarnings(t)
  for (let count = 1; count <= 30; count += 1) guardOf(`https://tenant-${String(count)}.example/jwks`)
  for (let count = 1; count <= 30; count += 1) {
    const guard = guardOf('https://two.example/jwks')
    await guard.close()
    await guard.close()
  }
  await nextTick()
  assert.deepEqual(warnings, [])
})
