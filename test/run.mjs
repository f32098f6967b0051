// Runs test files with node:test, through tsx, on the Node that runs this script.
//
//   npm test                                     all tests but the slow ones and those of test/package and test/site
//   npm run test:slow                            the slow ones: database servers, whole programs, kills, races, outages
//   npm test -- test/token                       a folder, or a file
//   npm test -- --test-name-pattern=audience     options go to node
//   npm run test:express4                        those of npm test that see requests, and some examples, with express 4
//
// `node --test` alone would do on Node 22; on Node 20 it takes no globs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, normalize, resolve } from 'node:path'
import typescript from 'typescript'

// What has a command of its own, which builds first what is tested.
const BUILT = ['package', 'site'].map((name) => join('test', name, '/'))
const FRAMEWORKS = join('test', 'package', 'frameworks', '/')

// What takes a machine of two cores more than a few seconds, without being about one Node or one Express more than another:
// whole folders that start a program for each test, and what waits, kills, races or asks a database server.
const SLOW_FOLDERS = ['cli', 'docs', 'examples', 'inspect', 'types'].map((name) => join('test', name, '/'))
const SLOW_TESTS = [
  'clients/old-clients',
  'keys/jwks/issuer-outage',
  'migrate/import-rate',
  'providers/flood',
  'stores/crashes',
  'stores/many-machines',
  'stores/mongodb',
  'stores/mongodb-contract',
  'stores/mongodb-object-ids',
  'stores/mongodb-passed-over',
  'stores/mongodb-races',
  'stores/mongodb-server',
  'stores/outage',
  'stores/outage-queue',
  'stores/postgres',
  'stores/postgres-races',
  'stores/postgres-schema',
  'stores/processes',
  'stores/two-providers',
].map((name) => join('test', `${name}.test.ts`))
// What Express 4 is tried with besides: the examples that are about routes. The others are programs around the same guard.
const EXAMPLES = ['app-services', 'data-api', 'data-api-limits', 'protect-routes', 'quick-start'].map(
  (name) => join('test', 'examples', `${name}.test.ts`),
)
// Rooms that do not know Express: what goes over HTTP is the same on both.
const NO_REQUESTS = ['jws', 'keys', 'migrate', 'presets', 'stores'].map((name) => join('test', name, '/'))
const isSlow = (path) => SLOW_TESTS.includes(path) || SLOW_FOLDERS.some((folder) => path.startsWith(folder))

const args = process.argv.slice(2)
const express4 = args.includes('--express4')
const slow = args.includes('--slow')
const options = args.filter((arg) => arg.startsWith('--') && !['--express4', '--slow'].includes(arg))
const paths = args.filter((arg) => !arg.startsWith('--')).map((path) => normalize(path))

const isForExpress4 = (path) =>
  EXAMPLES.includes(path) || !(isSlow(path) || NO_REQUESTS.some((folder) => path.startsWith(folder)))
const isWanted = (path) => (express4 ? isForExpress4(path) : isSlow(path) === slow)

const testsBelow = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join(folder, path))
    // Those of the apps that use the package are run by their own runners: see test/package/frameworks.test.ts.
    .filter((path) => !path.includes(FRAMEWORKS))
    .sort()

const files =
  paths.length > 0
    ? paths.flatMap((path) => (statSync(path).isDirectory() ? testsBelow(path) : [path]))
    : testsBelow('test').filter((path) => !BUILT.some((folder) => path.startsWith(folder)) && isWanted(path))

// A slow test that was renamed would be a quick one again, unnoticed.
for (const path of [...SLOW_FOLDERS, ...SLOW_TESTS, ...EXAMPLES, ...NO_REQUESTS]) statSync(path)

console.log(`Node ${process.versions.node}, Express ${express4 ? 4 : 5}, ${files.length} test files`)
if (files.length === 0) process.exit(1)

// What tsx reads for Express 4: tsconfig.json, with every import of express led to express4.
function writeExpress4Config() {
  const { config, error } = typescript.readConfigFile('tsconfig.json', typescript.sys.readFile)
  if (error) throw new Error(typescript.flattenDiagnosticMessageText(error.messageText, '\n'))
  const paths = { ...config.compilerOptions.paths, express: ['node_modules/express4/index.js'] }
  for (const [name, [path]] of Object.entries(paths)) paths[name] = [resolve(path)]
  const file = join(mkdtempSync(join(tmpdir(), 'express4-')), 'tsconfig.json')
  writeFileSync(file, JSON.stringify({ extends: resolve('tsconfig.json'), compilerOptions: { paths } }))
  process.on('exit', () => rmSync(join(file, '..'), { recursive: true }))
  return file
}

// Before Node 24 the time limit is also that of a whole file, whose tests may be minutes of work for a busy machine.
const TIMEOUT_MS = 1_200_000
const { status } = spawnSync(
  process.execPath,
  [
    '--import=tsx',
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${TIMEOUT_MS}`,
    // By default node leaves one processor alone, which is half of two.
    `--test-concurrency=${availableParallelism()}`,
    ...options,
    ...files,
  ],
  {
    stdio: 'inherit',
    env: { ...process.env, ...(express4 && { TSX_TSCONFIG_PATH: writeExpress4Config() }) },
  },
)
process.exit(status ?? 1)
