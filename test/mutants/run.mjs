// npm run test:mutants: changes the code of some rooms of lib/ in small ways, one at a time, and looks whether their
// tests notice. A mutant that survives is a test that is missing, or code that does nothing.
//
//   npm run test:mutants                        all rooms, which takes long
//   npm run test:mutants -- jws token           these rooms; lib/jws/verify.ts is that file
//   npm run test:mutants -- --sample=50 users   so many of a room, chosen by --seed=1
//
// Survivors that are right are in survivors.json, with the reason.
import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { SourceMap } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import ts from 'typescript'
import { mutantsOf } from './mutate.mjs'

const ROOT = join(import.meta.dirname, '../..')
process.chdir(ROOT)

/** Each room's tests: its own, and those of other folders that test what it does. */
const TESTS = {
  jws: ['jws', 'vectors', 'token/verifier.test.ts', 'token/explain.test.ts'],
  token: ['token', 'vectors', 'keys/jwks/expected-issuer.test.ts'],
  keys: ['keys', 'token/explain.test.ts'],
  sessions: ['sessions', 'routes/session-routes.test.ts'],
  users: ['users', 'http/middleware.test.ts', 'routes/session-routes.test.ts'],
  http: ['http', 'routes/session-routes.test.ts'],
}

/** Asserts on time, of which there is none to spare here. */
const TIMED = join('test', 'token', 'cost.test.ts')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string' }, seed: { type: 'string', default: '1' } },
})
const wanted = positionals.length > 0 ? positionals : Object.keys(TESTS)
const explained = JSON.parse(readFileSync('test/mutants/survivors.json', 'utf8'))

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => /\.c?ts$/.test(path))
    .map((path) => join(folder, path))
const compiledName = (path) => path.replace(/ts$/, 'js')

/** lib/ and test/ in JavaScript, in a folder of their own, beside links to everything else. */
const build = mkdtempSync(join(tmpdir(), 'mutants-'))
process.on('exit', () => rmSync(build, { recursive: true, force: true, maxRetries: 3 }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
const OURS = ['lib', 'test', 'package.json']
for (const name of readdirSync(ROOT))
  if (!OURS.includes(name)) symlinkSync(join(ROOT, name), join(build, name))
cpSync('test', join(build, 'test'), { recursive: true, filter: (path) => !/node_modules|\.ts$/.test(path) })
// Tests import the package by its name: in there, that is the code that is changed.
const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
const exported = Object.entries(config.compilerOptions.paths).map(([name, [path]]) => [
  name.replace('custom-jwt-auth', '.'),
  compiledName(path),
])
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
writeFileSync(
  join(build, 'package.json'),
  JSON.stringify({ ...manifest, exports: Object.fromEntries(exported) }),
)

const compiled = new Map()
function compile(path) {
  const { outputText, sourceMapText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    fileName: path,
    compilerOptions: { target: 'es2023', module: 'esnext', verbatimModuleSyntax: true, sourceMap: true },
  })
  const out = join(build, compiledName(path))
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, outputText)
  compiled.set(path, { out, code: outputText, map: sourceMapText })
}

/** Runs a test file until its end, or its first failure. */
function runTest(path, { timeoutMs, env = {} }) {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--test-reporter=tap', join(build, compiledName(path))], {
      cwd: build,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let said = ''
    let isSlow = false
    const timer = setTimeout(() => {
      isSlow = true
      child.kill('SIGKILL')
    }, timeoutMs)
    child.stdout.on('data', (chunk) => {
      said += chunk
      if (/^ *not ok /m.test(said)) child.kill('SIGKILL')
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      done(code === 0 ? 'passed' : isSlow ? 'slow' : 'failed')
    })
  })
}

const measured = new Map()

/** Runs a test file on the code as it is: how long it takes, and what of lib/ it reaches. */
async function measure(path) {
  const known = measured.get(path)
  if (known) return known
  const folder = join(build, 'coverage', path)
  const start = performance.now()
  const verdict = await runTest(path, { timeoutMs: 300_000, env: { NODE_V8_COVERAGE: folder } })
  if (verdict !== 'passed') throw new Error(`${path} ${verdict} before anything was changed`)
  const ms = performance.now() - start
  const reached = new Map()
  for (const name of readdirSync(folder))
    for (const { url, functions } of JSON.parse(readFileSync(join(folder, name), 'utf8')).result)
      reached.set(url, [...(reached.get(url) ?? []), functions.flatMap(({ ranges }) => ranges)])
  rmSync(folder, { recursive: true })
  const measurement = { path, ms, reached }
  measured.set(path, measurement)
  return measurement
}

/** Whether a test reaches a place: the innermost range around it has been run. */
function reaches({ reached }, out, { start }) {
  return (reached.get(pathToFileURL(out).href) ?? []).some((ranges) => {
    const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= start && start < endOffset)
    const sizeOf = ({ startOffset, endOffset }) => endOffset - startOffset
    return (
      around.reduce((inner, range) => (sizeOf(range) < sizeOf(inner) ? range : inner), around[0])?.count > 0
    )
  })
}

const short = (text) => text.replaceAll(/\s+/g, ' ').slice(0, 100)
const keyOf = ({ path, place, was, is }) => `${path} ${place}: ${short(was)} → ${short(is) || 'nothing'}`

/** The mutants of a file. */
function mutantsIn(path) {
  const { out, code, map } = compiled.get(path)
  const lines = new SourceMap(JSON.parse(map))
  return mutantsOf(code).map((mutant) => {
    const before = code.slice(0, mutant.start).split('\n')
    const { originalLine = 0 } = lines.findEntry(before.length - 1, before.at(-1).length)
    return { ...mutant, path, out, code, line: originalLine + 1 }
  })
}

/** So many of a list, always the same for a seed. */
function sampleOf(list, size, seed) {
  let state = seed
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  return list
    .map((item) => [random(), item])
    .sort(([a], [b]) => a - b)
    .slice(0, size)
    .map(([, item]) => item)
}

/** The test that noticed the last mutant of each file. */
const lastKiller = new Map()

/** Runs the tests that reach a mutant, the likeliest first, until one notices. */
async function tryMutant(mutant, tests) {
  const isLikely = ({ path }) =>
    path === lastKiller.get(mutant.path) || basename(path).split('.')[0] === basename(mutant.path, '.ts')
  const covering = tests.filter((test) => reaches(test, mutant.out, mutant))
  covering.sort((a, b) => isLikely(b) - isLikely(a) || a.ms - b.ms)
  const { out, code, start, end, is } = mutant
  writeFileSync(out, code.slice(0, start) + is + code.slice(end))
  try {
    for (const { path, ms } of covering) {
      if ((await runTest(path, { timeoutMs: 10_000 + 5 * ms })) === 'passed') continue
      lastKiller.set(mutant.path, path)
      return { killed: true }
    }
  } finally {
    writeFileSync(out, code)
  }
  return { killed: false, reached: covering.length > 0 }
}

async function tryRoom(room, only) {
  const tests = []
  const paths = TESTS[room].flatMap((path) =>
    path.endsWith('.ts') ? [join('test', path)] : filesBelow(join('test', path)),
  )
  for (const path of new Set(paths))
    if (path.endsWith('.test.ts') && path !== TIMED) tests.push(await measure(path))
  const all = filesBelow(join('lib', room))
    .filter((path) => !only || path === only)
    .flatMap(mutantsIn)
  const rest = all.filter((mutant) => !(keyOf(mutant) in explained))
  const tried = values.sample ? sampleOf(rest, Number(values.sample), Number(values.seed)) : rest
  let killed = 0
  let count = 0
  const start = performance.now()
  for (const mutant of tried) {
    count += 1
    if (count % 10 === 0) console.log(`${killed} of ${count - 1} killed`)
    const verdict = await tryMutant(mutant, tests)
    if (verdict.killed) killed += 1
    else
      console.log(
        `${mutant.path}:${mutant.line} survived${verdict.reached ? '' : ', never reached'}\n  ${keyOf(mutant)}`,
      )
  }
  const seconds = (performance.now() - start) / 1000
  const score = tried.length === 0 ? 100 : (100 * killed) / tried.length
  console.log(
    `${only ?? room}: ${score.toFixed(1)} % of ${tried.length} mutants killed ` +
      `(${all.length} in all, ${all.length - rest.length} explained), ${seconds.toFixed(0)} s`,
  )
  return score
}

const folders = ['support', 'stores', 'routes', ...new Set(Object.values(TESTS).flat())].filter(
  (path) => !path.endsWith('.ts'),
)
for (const folder of ['lib', ...folders.map((name) => join('test', name))])
  filesBelow(folder).forEach(compile)
for (const path of Object.values(TESTS).flat()) if (path.endsWith('.ts')) compile(join('test', path))
const REQUIRED = 95
let isGood = true
for (const name of wanted) {
  const room = name.startsWith('lib/') ? name.split('/')[1] : name
  if (!TESTS[room]) throw new Error(`not a room with mutants: ${name} (${Object.keys(TESTS).join(', ')})`)
  if ((await tryRoom(room, name === room ? undefined : name)) < REQUIRED) isGood = false
}
process.exit(isGood ? 0 : 1)
