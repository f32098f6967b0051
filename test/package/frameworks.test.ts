// The package where its users have it: test runners, a bundler, frameworks. They are installed in a folder of their own,
// so that `npm ci` of the project stays short. Each program in frameworks/ refuses one request and accepts another.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pack, runIn } from '../support/packed.js'

const scratch = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-frameworks-'))
const app = join(scratch, 'app')
const install = (...args: string[]) =>
  runIn(app, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...args)

before(async () => {
  const tarball = await pack(scratch)
  cpSync(fileURLToPath(new URL('frameworks', import.meta.url)), app, { recursive: true })
  await install()
  // As an outsider's package: it is in no lock file, and what it needs is not a development dependency of ours.
  await install('--no-save', '--no-package-lock', '--ignore-scripts', tarball)
})
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

for (const [name, ...args] of [
  ['Jest, plain and through ts-jest', 'node_modules/jest/bin/jest.js', '--ci'],
  ['Vitest', 'node_modules/vitest/vitest.mjs', 'run', 'vitest.test.mjs'],
  ['Mocha', 'node_modules/mocha/bin/mocha.js', 'mocha.test.cjs'],
  ['serverless-http', 'serverless-http.cjs'],
  ['NestJS, as middleware and as a guard', 'nest.cjs'],
  ['socket.io', 'socket-io.cjs'],
  ['ws', 'ws.cjs'],
  ['Apollo Server', 'graphql.cjs', 'apollo'],
  ['graphql-yoga', 'graphql.cjs', 'yoga'],
] as const)
  test(name, async () => {
    await runIn(app, process.execPath, ...args)
  })

describe('docs/other-ways-in.md', () => {
  const page = readFileSync(new URL('../../docs/other-ways-in.md', import.meta.url), 'utf8')
  const recipes = [...page.matchAll(/^```js\n\/\/ (\S+)\.mjs\n(.*?)^```$/gms)]
  before(() => {
    for (const [, name = '', code = ''] of recipes) writeFileSync(join(app, `${name}.mjs`), code)
  })
  for (const [, name = ''] of recipes)
    if (name !== 'auth')
      test(name, async () => {
        await runIn(app, process.execPath, 'recipes.mjs', name)
      })
})

describe('docs/coming-from.md', () => {
  const page = readFileSync(new URL('../../docs/coming-from.md', import.meta.url), 'utf8')
  before(() => {
    writeFileSync(join(app, 'coming-from.md'), page)
    for (const [, name = '', code = ''] of page.matchAll(/^```js\n\/\/ (\S+)\.mjs\n(.*?)^```$/gms))
      writeFileSync(join(app, `${name}.mjs`), code)
  })
  for (const name of ['express-jwt', 'passport-jwt', 'express-oauth2-jwt-bearer'])
    test(name, async () => {
      await runIn(app, process.execPath, 'coming-from.mjs', name)
    })
})

describe('a bundle of esbuild', () => {
  const bundles = join(scratch, 'bundles')
  mkdirSync(bundles)
  // A bundle in ESM has no `require`, which CommonJS packages call for Node's own modules: esbuild's users know the line.
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)`
  for (const [format, file, ...flags] of [
    ['cjs', 'bundle.cjs'],
    ['esm', 'bundle.mjs', `--banner:js=${require}`],
  ] as const)
    test(format, async () => {
      const out = join(bundles, file)
      const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${out}`, ...flags]
      await runIn(app, 'node_modules/.bin/esbuild', 'bundled.mjs', ...options)
      await runIn(bundles, process.execPath, out)
    })
})
