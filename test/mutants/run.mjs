// npm run test:mutants: changes the code of some rooms of lib/ in small ways, one at a time, and looks whether their
// tests notice. A mutant that survives is a test that is missing, or code that does nothing.
//
//   npm run test:mutants                        all rooms, which takes long
//   npm run test:mutants -- jws token           these rooms; lib/jws/verify.ts is that file
//   npm run test:mutants -- --sample=50 users   so many of a room, chosen by --seed=1
//   npm run test:mutants -- --again=out.txt jws those alone whose lines a run of the whole room before has written
//
// Survivors that are right are in survivors.json, with the reason.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
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

const ERRORS = 'http/protocol-errors.test.ts'
const FAULTS = 'http/faults.test.ts'

/** Each room's tests: its own, and those of other folders that test what it does. */
const TESTS = {
  jws: ['jws', 'vectors', 'lessons', 'token/verifier.test.ts', 'token/explain.test.ts'],
  token: ['token', 'vectors', 'lessons', 'options.test.ts', 'keys/jwks/expected-issuer.test.ts', ERRORS],
  keys: ['keys', 'lessons', 'options.test.ts', 'token/explain.test.ts'],
  sessions: ['sessions', 'routes', 'options.test.ts', 'http/whose-token.test.ts', ERRORS],
  users: ['users', 'sessions', 'routes', 'options.test.ts', 'http/middleware.test.ts', FAULTS, ERRORS],
  http: ['http', 'lessons', 'routes/session-routes.test.ts'],
}

/** Asserts on time, of which there is none to spare here. */
const TIMED = join('test', 'token', 'cost.test.ts')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    again: { type: 'string' },
  },
})
const wanted = positionals.length > 0 ? positionals : Object.keys(TESTS)
const again =
  values.again &&
  new Set(
    readFileSync(values.again, 'utf8')
      .split('\n')
      .map((line) => line.trim()),
  )
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
  // The scripts of other processes.
  const code = outputText.replaceAll(/(new URL\('[^']+\.)ts', import\.meta/g, "$1js', import.meta")
  writeFileSync(out, code)
  compiled.set(path, { out, code, map: sourceMapText })
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

/** What the tests reached when they last ran on the same code: measuring takes longer than a few mutants. */
const CACHE = 'node_modules/.cache/mutants'
const digestOf = (texts) => createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 24)
const codeDigest = () => {
  const shared = [...compiled].filter(([path]) => !path.endsWith('.test.ts'))
  return digestOf([process.version, shared.map(([path, { code }]) => [path, code])])
}

const BUILD = `${pathToFileURL(build).href}/`

/**
 * Runs a test file on the code as it is: how long it takes, and what of lib/ it reaches, as the ranges of each script in
 * each of its processes.
 */
async function measure(path) {
  const file = join(CACHE, `${digestOf([(measure.digest ??= codeDigest()), compiled.get(path).code])}.json`)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const folder = join(build, 'coverage', path)
  const start = performance.now()
  const verdict = await runTest(path, { timeoutMs: 300_000, env: { NODE_V8_COVERAGE: folder } })
  if (verdict !== 'passed') throw new Error(`${path} ${verdict} before anything was changed`)
  const ms = performance.now() - start
  const reached = {}
  for (const name of readdirSync(folder))
    for (const { url, functions } of JSON.parse(readFileSync(join(folder, name), 'utf8')).result)
      if (url.startsWith(`${BUILD}lib/`))
        (reached[url.slice(BUILD.length)] ??= []).push(functions.flatMap(({ ranges }) => ranges))
  rmSync(folder, { recursive: true })
  const measurement = { path, ms, reached }
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(file, JSON.stringify(measurement))
  return measurement
}

/** Whether a test reaches a place: the innermost range around it has been run. */
function reaches({ reached }, path, { start }) {
  return (reached[compiledName(path)] ?? []).some((ranges) => {
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
  const covering = tests.filter((test) => reaches(test, mutant.path, mutant))
  covering.sort((a, b) => isLikely(b) - isLikely(a) || a.ms - b.ms)
  const { out, code, start, end, is } = mutant
  writeFileSync(out, code.slice(0, start) + is + code.slice(end))
  try {
    for (const { path, ms } of covering) {
      if ((await runTest(path, { timeoutMs: 5000 + 3 * ms })) === 'passed') continue
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
  const left = again ? rest.filter((mutant) => again.has(keyOf(mutant))) : rest
  const tried = values.sample ? sampleOf(left, Number(values.sample), Number(values.seed)) : left
  const survivors = []
  const start = performance.now()
  for (const [index, mutant] of tried.entries()) {
    if (index % 10 === 9) console.log(`${index - survivors.length} of ${index} killed`)
    const verdict = await tryMutant(mutant, tests)
    if (verdict.killed) continue
    survivors.push(mutant)
    const note = verdict.reached ? '' : ', never reached'
    console.log(`${mutant.path}:${mutant.line} survived${note}\n  ${keyOf(mutant)}`)
  }
  // What a run of the room before did not name, it killed.
  const counted = again && !values.sample ? rest.length : tried.length
  const killed = counted - survivors.length
  const keys = new Set(all.map(keyOf))
  return {
    name: only ?? room,
    mutants: all.length,
    explained: all.length - rest.length,
    counted,
    killed,
    survived: survivors.length,
    score: counted === 0 ? 100 : (100 * killed) / counted,
    interval: counted < rest.length ? intervalOf(killed, counted) : undefined,
    seconds: Math.round((performance.now() - start) / 1000),
    stale: Object.keys(explained).filter((key) => key.startsWith(only ?? `lib/${room}/`) && !keys.has(key)),
  }
}

/** Between which scores the whole room is, in 95 of 100 samples: Wilson's interval. */
function intervalOf(killed, count) {
  const z = 1.96
  const share = killed / count
  const center = share + (z * z) / (2 * count)
  const radius = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))
  return [center - radius, center + radius].map((edge) => (100 * edge) / (1 + (z * z) / count))
}

function tell({ name, mutants, explained, counted, killed, survived, score, interval, seconds, stale }) {
  const sampled = interval
    ? `, a sample of ${counted}: the room has ${interval.map((edge) => edge.toFixed(1)).join(' to ')} % (95 % confidence)`
    : ''
  console.log(
    `${name}: ${score.toFixed(1)} % of ${counted} killed (${mutants} mutants, ${explained} explained, ` +
      `${killed} killed, ${survived} survived)${sampled}, ${seconds} s`,
  )
  for (const key of stale) console.log(`  explained, but there is no such mutant anymore: ${key}`)
}

const folders = ['support', 'stores', 'routes', ...new Set(Object.values(TESTS).flat())].filter(
  (path) => !path.endsWith('.ts'),
)
for (const folder of ['lib', ...folders.map((name) => join('test', name))])
  filesBelow(folder).forEach(compile)
for (const path of Object.values(TESTS).flat()) if (path.endsWith('.ts')) compile(join('test', path))
const REQUIRED = 95
const results = []
for (const name of wanted) {
  const room = name.startsWith('lib/') ? name.split('/')[1] : name
  if (!TESTS[room]) throw new Error(`not a room with mutants: ${name} (${Object.keys(TESTS).join(', ')})`)
  results.push(await tryRoom(room, name === room ? undefined : name))
}
results.forEach(tell)
process.exit(results.every(({ score, stale }) => score >= REQUIRED && stale.length === 0) ? 0 : 1)
