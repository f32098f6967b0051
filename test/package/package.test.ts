// The package as npm would deliver it: packed, installed in apps of different kinds, run and compiled there.
import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pack, runIn as run } from '../support/packed.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const consumers = fileURLToPath(new URL('consumers', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-'))

/** Runs the script of a development dependency. */
const runTool = (cwd: string, script: string, ...args: string[]) =>
  run(cwd, process.execPath, join(root, 'node_modules', script), ...args)

let tarball: string

before(async () => {
  tarball = await pack(scratch)
})

after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

/** Makes an app with the packed package and `dependencies` installed, the consumers in an ESM and a CJS folder. */
async function installApp(name: string, dependencies: readonly string[]): Promise<string> {
  const app = join(scratch, name)
  for (const [folder, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ] as const) {
    cpSync(consumers, join(app, folder), { recursive: true })
    writeFileSync(join(app, folder, 'package.json'), JSON.stringify({ type }))
  }
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true }))
  await run(app, 'npm', 'install', '--omit=peer', '--prefer-offline', '--no-audit', tarball, ...dependencies)
  return app
}

test('publint finds nothing to fix', async () => {
  await runTool(root, 'publint/src/cli.js', '--strict', tarball)
})

test('are the types wrong? Not in any resolution mode', async () => {
  await runTool(root, '@arethetypeswrong/cli/dist/index.js', tarball)
})

/** Unpacks the tarball, and returns where. */
async function unpack(): Promise<string> {
  const folder = mkdtempSync(join(scratch, 'unpacked-'))
  await run(folder, 'tar', '-xzf', tarball)
  return join(folder, 'package')
}

test('the tarball holds what is used at run time, its documents, and nothing else', async () => {
  const files = readdirSync(await unpack(), { recursive: true }).map(String)
  const expected =
    /^(dist\/.+(\.c?js|\.d\.c?ts)|dist\/cjs\/package\.json|docs\/[a-z-]+\.(md|svg)|examples\/.+|package\.json|LICENSE|[A-Z_]+\.md)$/
  const strays = files.filter((path) => path.includes('.') && !expected.test(path.replaceAll('\\', '/')))
  assert.deepEqual(strays, [])
})

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string) =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .replace(/\]\([^)]*\)/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

test('no link of the tarball is dead: what is linked to is in it, and so is the heading', async () => {
  const folder = await unpack()
  const pages = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.md'))
  const dead: string[] = []
  let links = 0
  for (const path of pages) {
    const page = readFileSync(join(folder, path), 'utf8').replace(/^ *```.*?^ *```/gms, '')
    for (const [, target = ''] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
      // The charts are in the repository, where npm's page takes pictures from, and on the site.
      if (/^[a-z]+:/.test(target) || target.startsWith('docs/charts/')) continue
      links += 1
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? join(folder, path) : join(folder, path, '..', file)
      const good =
        existsSync(linked) &&
        (anchor === undefined || anchorsOf(readFileSync(linked, 'utf8')).includes(anchor))
      if (!good) dead.push(`${path}: ${target}`)
    }
  }
  assert.deepEqual(dead, [])
  assert.ok(links > 100, `${String(links)} links`)
})

test('is not published before it says where it lives', async () => {
  const folder = await unpack()
  const publishable = { repository: 'r', homepage: 'h', bugs: 'b' }
  const publish = (manifest: object) => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    return run(folder, process.execPath, join(root, 'prepublish.mjs'))
  }
  await publish(publishable)
  for (const field of Object.keys(publishable))
    await assert.rejects(publish({ ...publishable, [field]: undefined }), new RegExp(`has no ${field}\\.`))
})

const modes = [
  { folder: 'esm', flags: ['--module', 'nodenext'] },
  { folder: 'cjs', flags: ['--module', 'nodenext'] },
  { folder: 'esm', flags: ['--module', 'esnext', '--moduleResolution', 'bundler'] },
  {
    folder: 'cjs',
    flags: ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
  },
]

const apps = [
  { name: 'bare', dependencies: ['@types/node@20'], types: 'node', sources: ['http-app.ts'] },
  {
    name: 'express4',
    dependencies: ['express@4', '@types/express@4', '@types/node@20'],
    types: 'node',
    sources: ['http-app.ts', 'express-app.ts'],
  },
  {
    name: 'express5-passport',
    dependencies: ['express@5', '@types/express@5', '@types/passport', '@types/node@20'],
    types: 'node,passport',
    sources: ['http-app.ts', 'express-app.ts'],
  },
]

const drivers = ['libsql', 'mongodb', 'pg']
const entries = ['', '/stores/sqlite', '/stores/postgres', '/stores/mongodb'].map(
  (path) => `custom-jwt-auth${path}`,
)
const formats = [
  { folder: 'esm', type: 'module', importOf: (name: string) => `await import('${name}')` },
  { folder: 'cjs', type: 'commonjs', importOf: (name: string) => `require('${name}')` },
]
const hasSqlite = process.getBuiltinModule('node:sqlite') !== undefined

/** Of an app in which no driver is installed. */
function driverTests(appOf: () => string): void {
  for (const { folder, type, importOf } of formats) {
    const evaluate = (code: string) =>
      run(join(appOf(), folder), process.execPath, `--input-type=${type}`, '--eval', code)

    test(`as ${folder}, no driver is loaded before a database is opened`, async (t) => {
      for (const driver of drivers) {
        const stub = join(appOf(), 'node_modules', driver)
        mkdirSync(stub)
        writeFileSync(join(stub, 'index.js'), `console.log('loaded ${driver}')`)
        t.after(() => {
          rmSync(stub, { recursive: true })
        })
      }
      const said = await evaluate(`${entries.map(importOf).join('\n')}
        console.log(process.moduleLoadList.filter((name) => name.includes('sqlite')))`)
      assert.equal(said, '[]\n')
    })

    for (const [name, options, expected] of [
      ['postgresStore', '{}', /npm install pg/],
      ['mongodbStore', '{}', /npm install mongodb/],
      ['sqliteStore', `{ path: ':memory:' }`, hasSqlite ? /^opened/ : /npm install libsql/],
    ] as const)
      test(`as ${folder}, ${name} says what it needs`, async () => {
        const entry = `custom-jwt-auth/stores/${name.replace('Store', '')}`
        const said = await evaluate(`const { ${name} } = ${importOf(entry)}
          try { ${name}(${options}); console.log('opened') } catch (error) { console.log(error.message) }`)
        assert.match(said, expected)
      })
  }
}

test('where the types of Node are not installed, the compiler says which package has them', async () => {
  const app = await installApp('untyped', [])
  const checks = [
    '--strict',
    '--noEmit',
    '--skipLibCheck',
    'false',
    '--target',
    'es2023',
    '--module',
    'nodenext',
  ]
  await assert.rejects(
    runTool(join(app, 'esm'), 'typescript/bin/tsc', ...checks, 'http-app.ts'),
    /node_modules\/custom-jwt-auth\/.*npm i --save-dev @types\/node/,
  )
})

for (const { name, dependencies, types, sources } of apps) {
  describe(`an app with ${dependencies.join(', ')}`, { concurrency: 2 }, () => {
    let app: string
    before(async () => {
      app = await installApp(name, dependencies)
    })

    for (const { folder, flags } of modes) {
      test(`compiles as ${folder} with ${flags.join(' ')}`, async () => {
        const checks = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--skipLibCheck', 'false']
        const options = [...checks, '--target', 'es2023', '--lib', 'es2023', '--types', types, ...flags]
        await runTool(join(app, folder), 'typescript/bin/tsc', ...options, ...sources)
      })
    }

    if (name === 'bare') return
    if (name === 'express4')
      // One after another, as they change what is installed.
      describe('and no driver', { concurrency: 1 }, () => {
        driverTests(() => app)
      })
    for (const file of ['esm/use.mjs', 'cjs/use.cjs']) {
      test(`runs ${file}`, async () => {
        assert.deepEqual(JSON.parse(await run(app, process.execPath, file)), {
          known: { status: 200, subject: '24601' },
          unknown: { status: 401, error: 'no authentication methods were specified' },
          old: { status: 200, subject: '24601' },
        })
      })
    }
  })
}
