// The examples of docs/options.md, each started as a part of the options of a guard.
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { test } from 'node:test'
import { customJwtAuth, issuers, memoryStore, type CustomJwtAuthOptions } from 'custom-jwt-auth'

const page = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^### (.*)\n|^```js\n(.*?)^```$/gms)].reduce<
  { name: string; code: string }[]
>((found, [, name, code]) => [...found, { name: name ?? found.at(-1)?.name ?? '', code: code ?? '' }], [])

const secret = (): string => randomBytes(32).toString('hex')
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** What the examples take from the app around them. */
const app = {
  Agent,
  dispatcher: undefined,
  issuers,
  memoryStore,
  process: {
    env: new Proxy({} as Record<string, unknown>, {
      get: (_, name: string) =>
        name === 'PUBLIC_KEY'
          ? publicKey.export({ type: 'spki', format: 'pem' })
          : name === 'BASE64_KEY'
            ? randomBytes(32).toString('base64')
            : secret(),
    }),
  },
  profiles: {},
  readFileSync: () => undefined,
  sqliteStore: () => memoryStore(),
}

for (const { name, code } of examples.filter((example) => example.code !== ''))
  test(`the example of ${name} starts`, async () => {
    const evaluate = new Function(...Object.keys(app), `return ({ ${code} })`)
    const part = evaluate(...Object.values(app)) as Partial<CustomJwtAuthOptions>
    const hasKeys = 'signingKeys' in part || 'jwkUri' in part || 'discover' in part
    const keys = hasKeys ? {} : { signingAlgorithm: 'HS256', signingKeys: [secret()] }
    const auth = customJwtAuth({ appId: 'myapp-abcde', ...keys, ...part } as CustomJwtAuthOptions)
    assert.equal(typeof auth, 'function')
    await auth.close()
  })
