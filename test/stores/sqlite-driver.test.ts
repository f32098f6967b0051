// The package in an app that has no SQLite driver: a copy of its sources, beside the one dependency that they need.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { chosen, folder } from './sqlite-files.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const app = join(folder, 'app')

async function runInApp(flags: readonly string[], code: string): Promise<string> {
  const script = join(app, 'script.ts')
  writeFileSync(script, `import { sqliteStore } from './lib/stores/sql/sqlite.js'\n${code}`)
  return (await promisify(execFile)(process.execPath, [...flags, `--import=${tsx}`, script])).stdout
}

const open = `
try {
  sqliteStore({ path: ':memory:' })
  console.log('opened')
} catch (error) {
  console.log(error.code, error.message)
}`

describe('sqliteStore in an app without a driver', () => {
  before(() => {
    mkdirSync(join(app, 'node_modules'), { recursive: true })
    cpSync(join(root, 'lib'), join(app, 'lib'), { recursive: true })
    symlinkSync(join(root, 'node_modules', 'http-errors'), join(app, 'node_modules', 'http-errors'))
    writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
  })

  const withoutNodeSqlite = chosen.name === 'node:sqlite' ? ['--no-experimental-sqlite'] : []

  test('says which package to install, when { path } is to be opened', async () => {
    const said = await runInApp(withoutNodeSqlite, open)
    assert.match(said, /^CONFIGURATION_INVALID custom-jwt-auth: 1 problem/)
    assert.match(said, /sqliteStore\.path: needs a driver: Node \d+\.\S+ has no node:sqlite/)
    assert.match(said, /libsql cannot be loaded \(Cannot find module 'libsql'\)\. Run `npm install libsql`/)
  })

  test('needs none for a database that the app opened', async () => {
    const driver = createRequire(import.meta.url).resolve('libsql')
    const code = `
      import Database from ${JSON.stringify(pathToFileURL(driver).href)}
      const store = sqliteStore({ database: new Database(':memory:') })
      console.log(await store.findUser('a'), await store.listUsers({ limit: 1 }))`
    assert.equal(await runInApp(withoutNodeSqlite, code), 'undefined []\n')
  })

  test('needs no package where Node has node:sqlite', async () => {
    const expected = chosen.name === 'node:sqlite' ? /^opened/ : /npm install libsql/
    assert.match(await runInApp([], open), expected)
  })
})
