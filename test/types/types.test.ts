// Compiles the files beside this one. `npm run types` does so too; here it is done with and without @types/passport,
// and every refusal is looked at.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
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
/** Where a conflict with @types/passport would show. The rest of lib is for `npm run types` to check. */
const augmentation = join(root, 'lib/http/augment.ts')

/** The library's files are parsed once for all compilations. */
const parsed = new Map<string, ts.SourceFile | undefined>()

interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly code: number
  readonly message: string
}

/** Compiles the type tests, their text changed by `edit`. */
function compile(types: string[], edit = (_path: string, text: string): string => text) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, root, { types })
  assert.deepEqual(errors, [])
  const host = ts.createCompilerHost(options)
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (path, settings) => {
    if (files.includes(path))
      return ts.createSourceFile(path, edit(path, ts.sys.readFile(path) ?? ''), settings, true)
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, settings))
    return parsed.get(path)
  }
  const program = ts.createProgram(files, options, host)
  const diagnostics = [...files, augmentation].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)),
  )
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
    const compiled = compile(['node'], edit)
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
