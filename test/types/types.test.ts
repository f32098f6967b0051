// Compiles the files beside this one. `npm run types` does so too; here it is done with and without @types/passport,
// and every refusal is looked at.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => join(folder, name))
const refused = join(folder, 'refused.ts')
/** What declares Express's Request and User, where a conflict shows. The rest of lib is for `npm run types` to check. */
const AUGMENTS =
  /lib\/http\/(?:augment|express)\.ts$|@types\/(?:passport|express-serve-static-core)\/index\.d\.ts$/

/** The library's files are parsed once for all compilations. */
const parsed = new Map<string, ts.SourceFile | undefined>()

interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly code: number
  readonly message: string
}

/** Compiles sources, by path; without any, the type tests. */
function compile(types: string[], sources = typeTests()) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, root, { types })
  assert.deepEqual(errors, [])
  // The few declarations of others that are looked at below.
  options.skipLibCheck = false
  const host = ts.createCompilerHost(options)
  const getSourceFile = host.getSourceFile.bind(host)
  const fileExists = host.fileExists.bind(host)
  host.fileExists = (path) => sources.has(path) || fileExists(path)
  host.getSourceFile = (path, settings) => {
    const text = sources.get(path)
    if (text !== undefined) return ts.createSourceFile(path, text, settings, true)
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, settings))
    return parsed.get(path)
  }
  const program = ts.createProgram([...sources.keys()], options, host)
  const diagnostics = program
    .getSourceFiles()
    .filter(({ fileName }) => sources.has(fileName) || AUGMENTS.test(fileName))
    .flatMap((file) => ts.getPreEmitDiagnostics(program, file))
  const findings = ts
    .sortAndDeduplicateDiagnostics(diagnostics)
    .map(({ file, start = 0, code, messageText }): Finding => ({
      file: file?.fileName ?? '',
      line: file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
      code,
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }))
  const hasPassport = program.getSourceFiles().some(({ fileName }) => fileName.includes('@types/passport/'))
  return { findings, hasPassport }
}

/** The files beside this one, their text changed by `edit`. */
function typeTests(edit = (_path: string, text: string): string => text): ReadonlyMap<string, string> {
  return new Map(files.map((path) => [path, edit(path, readFileSync(path, 'utf8'))]))
}

test('the type tests compile beside @types/passport', () => {
  assert.deepEqual(compile(['node', 'passport']), { findings: [], hasPassport: true })
})

// Errors are asked for in every file, so that one compilation shows both what compiles and what does not.
describe('without @types/passport', () => {
  const EXPECTATION = '// @ts-expect-error'
  const UNUSED_EXPECTATION = 2578
  const NOT_FOUND = [2304, 2305, 2307, 2503, 2552, 2724]
  let findings: readonly Finding[]

  before(() => {
    const edit = (path: string, text: string): string =>
      path === refused
        ? text.replaceAll(EXPECTATION, '// no longer expected:')
        : `${text}\n${EXPECTATION} though nothing is wrong\nexport const fine = true\n`
    const compiled = compile(['node'], typeTests(edit))
    assert.equal(compiled.hasPassport, false)
    findings = compiled.findings
  })

  test('the type tests compile, but for expectations that meet no error', () => {
    assert.deepEqual(
      findings.filter(({ file }) => file !== refused).map(({ file, code }) => ({ file, code })),
      files.filter((file) => file !== refused).map((file) => ({ file, code: UNUSED_EXPECTATION })),
    )
  })

  test('each refusal is an error on its own line, and about a value', () => {
    const expected = (ts.sys.readFile(refused) ?? '')
      .split('\n')
      .flatMap((line, index) => (line.trim().startsWith(EXPECTATION) ? [index + 2] : []))
    const found = findings.filter(({ file }) => file === refused)
    assert.ok(expected.length > 0)
    assert.deepEqual([...new Set(found.map(({ line }) => line))], expected)
    // Not about the syntax, nor about a name or a file that is not there.
    assert.deepEqual(
      found.filter(({ code }) => code < 2000 || NOT_FOUND.includes(code)),
      [],
    )
  })
})

// Nothing that an app may declare itself is in the way of what the package declares.
describe('an Express app compiles that', () => {
  const START = `
    import express from 'express'
    import { customJwtAuth, type UserOf } from 'custom-jwt-auth'
    const auth = customJwtAuth({
      appId: 'myapp-abcde',
      signingAlgorithm: 'HS256',
      signingKeys: [process.env.KEY],
      metadataFields: [{ name: 'name', required: true }],
    })
    const app = express()
    app.use(auth)
    app.get('/me', (req, res) => res.json(req.user))
    app.get('/ours', (req, res) => res.json(auth.userOf(req).data.name))
    export type Ours = UserOf<typeof auth>
  `
  const declare = (text: string): string => `declare global { namespace Express { ${text} } }`
  const take = (type: string, value: string): string =>
    `\napp.use((req) => { const take = (_: ${type}) => {}; take(${value}) })`

  for (const [title, text] of Object.entries({
    'declares nothing': '',
    'gives User the types of its guard':
      declare('interface User extends UserOf<typeof auth> {}') +
      take('string | number | boolean | object | undefined', 'req.user?.data.name'),
    'declares a Request.user of its own':
      declare('interface Request { user?: { nickname: string } }') +
      take('string | undefined', 'req.user?.nickname'),
    'declares a Request.user that is always there':
      declare('interface Request { user: { nickname: string } }') + take('string', 'req.user.nickname'),
    'declares a Request.user of any type': declare('interface Request { user?: any }'),
    'declares a User of its own, with ids that are numbers':
      declare('interface User { id: number }') + take('number | undefined', 'req.user?.id'),
    'imports the types of the package':
      "import 'custom-jwt-auth/express'" + take('string | undefined', 'req.user?.id'),
  }))
    for (const types of [['node'], ['node', 'passport']]) {
      // @types/passport declares the member, so that its type is settled.
      if (types.includes('passport') && text.includes('interface Request')) continue
      test(`${title}, with the types of ${types.join(' and ')}`, () => {
        const app = join(folder, 'an-app.ts')
        assert.deepEqual(compile(types, new Map([[app, START + text]])).findings, [])
      })
    }
})
