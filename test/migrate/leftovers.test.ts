import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromProvidersJson } from 'custom-jwt-auth'
import { FOLDER, itemsOf, providers, secrets, settings } from './exported-providers.js'

test('settings of the app that are not known are reported, and endpoints of the older layout', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'exported-app-'))
  t.after(() => {
    rmSync(folder, { recursive: true })
  })
  cpSync(FOLDER, folder, { recursive: true })
  writeFileSync(join(folder, 'realm_config.json'), '{"app_id":"a","environment":"qa","security":{"x":1}}')
  mkdirSync(join(folder, 'http_endpoints/old'))
  writeFileSync(join(folder, 'http_endpoints/old/config.json'), '{"name":"old"}')
  const items = fromProvidersJson(folder, { secrets }).notCarriedOver.map(({ item }) => item)
  assert.deepEqual(
    items.filter((item) => item.startsWith('realm_config')),
    ['realm_config.json: security.x'],
  )
  assert.ok(items.includes('http_endpoints/'))
})

test('a creation function beside requests that create no users comes with the way to keep it so', () => {
  const dataApiConfig = { create_user_on_auth: false }
  const { notCarriedOver } = fromProvidersJson(FOLDER, { secrets, dataApiConfig })
  const { fix } = notCarriedOver.find(({ item }) => item.includes('on_user_creation')) ?? assert.fail()
  assert.match(fix, /; routes then create users too, unless a second guard on the same store/)
})

test('unknown keys are reported on every level', () => {
  const source = providers(
    { leeway: 5 },
    {
      domain_restrictions: ['example.com'],
      redirect_uris: [],
      secret_config: { signingKeys: ['key'], other: 'x' },
      metadata_fields: [{ name: 'a', description: 'the a' }],
    },
  )
  assert.deepEqual(itemsOf(fromProvidersJson(source, settings)).sort(), [
    'providers: custom-token.config.leeway',
    'providers: custom-token.domain_restrictions',
    'providers: custom-token.metadata_fields[0].description',
    'providers: custom-token.secret_config.other',
  ])
})
