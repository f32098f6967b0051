'use strict'

// The column of lib/, as CONTRIBUTING.md draws it: a room imports from those below it, never from one above.
// `npm run lint` looks for circles besides, of types too: see lint.mjs.
const column = [
  ['cli'],
  ['index.ts'],
  ['custom-jwt-auth.ts'],
  ['options.ts'],
  ['inspect'],
  ['routes'],
  ['http'],
  ['sessions'],
  ['users'],
  ['providers'],
  ['token'],
  ['jws'],
  ['keys'],
  // The ground: whoever needs these has them, and they know nothing of the rooms.
  [
    'about-request.ts',
    'configuration-error.ts',
    'dependency.ts',
    'errors.ts',
    'events.ts',
    'json.ts',
    'maybe-promise.ts',
    'problems.ts',
    'tally.ts',
    'user.ts',
  ],
]
const inLib = (name) => `./lib/${name}`
const upward = column.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    target: inLib(room),
    from: column.slice(0, floor).flat().map(inLib),
    message: `lib/ is one column, and this import runs up it: ${column.flat().join(' → ')}.`,
  })),
)

// Who may import whom beside the column. `target` must not import from `from`.
const importZones = [
  ...upward.filter(({ from }) => from.length > 0),
  {
    target: ['./lib/errors.ts', './lib/user.ts'],
    from: './lib',
    message: 'errors.ts and user.ts import nothing of ours.',
  },
  {
    target: column
      .slice(column.findIndex(([room]) => room === 'routes'))
      .flat()
      .map(inLib),
    from: './lib/migrate',
    message: 'What App Services exported is read before the rooms are furnished, and by none of them.',
  },
  {
    target: ['./lib/!(index|custom-jwt-auth).ts', './lib/!(stores|cli)/**'],
    from: './lib/stores',
    except: ['./store.ts', './identities.ts'],
    message: 'Only custom-jwt-auth.ts wires: take a Store (stores/store.ts) as an argument.',
  },
  {
    target: './lib/stores',
    from: column.slice(0, -1).flat().map(inLib),
    message: 'A store knows its contract (stores/store.ts) and no other room.',
  },
  {
    target: ['./lib/!(index).ts', './lib/!(cli)/**'],
    from: ['./lib/custom-jwt-auth.ts', './lib/index.ts'],
    message: 'custom-jwt-auth.ts imports the parts, never the other way round.',
  },
]

// Nothing in lib/ imports a database driver: apps pass their pool or database, SQLite's is loaded by name when it is
// used (stores/sql/sqlite-driver.ts), and so are those that the command opens a URL with (cli/open-store.ts).
const drivers = ['node:sqlite', 'libsql', 'pg', 'mongodb']

// What a room that knows no HTTP does without.
const outsideWorld = ['express', 'connect', 'http', 'node:http', 'process', 'node:process']
const takeTheClock = 'Take the time as an argument, so that tests can set it.'

module.exports = {
  root: true,
  ignorePatterns: ['dist', 'test/fixtures', 'test/package/frameworks'],
  reportUnusedDisableDirectives: true,
  parserOptions: { sourceType: 'module' },
  env: { es2024: true, node: true },
  extends: ['eslint:recommended'],

  overrides: [
    { files: '*.cjs', parserOptions: { sourceType: 'script' } },

    {
      files: '*.ts',
      parser: '@typescript-eslint/parser',
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname },
      extends: ['plugin:@typescript-eslint/strict'],
      rules: {
        '@typescript-eslint/consistent-type-imports': 'error',
        '@typescript-eslint/no-import-type-side-effects': 'error',
        // Typing req.user takes both: `declare global { namespace Express { interface User extends … {} } }`.
        '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
        '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
        eqeqeq: 'error',
      },
    },

    {
      files: 'lib/**/*.ts',
      parserOptions: { project: './tsconfig.esm.json', tsconfigRootDir: __dirname },
      extends: ['plugin:@typescript-eslint/strict-type-checked'],
      plugins: ['import-x'],
      settings: {
        'import-x/extensions': ['.ts'],
        'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
        // The sources import './name.js', as Node will see it; on disk that is name.ts.
        'import-x/resolver': { node: { extensionAlias: { '.js': ['.ts'] } } },
      },
      rules: {
        '@typescript-eslint/consistent-type-exports': 'error',
        '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
        'import-x/no-restricted-paths': ['error', { zones: importZones, basePath: __dirname }],
        'max-lines': ['error', 250],
        'no-console': 'error',
        'no-restricted-imports': ['error', ...drivers],
      },
    },

    {
      files: 'lib/{jws,token,keys,providers,users,sessions}/**/*.ts',
      rules: {
        'no-restricted-globals': ['error', 'process'],
        'no-restricted-imports': ['error', ...drivers, ...outsideWorld],
        'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: takeTheClock }],
        'no-restricted-syntax': [
          'error',
          { selector: 'NewExpression[callee.name=Date][arguments.length=0]', message: takeTheClock },
          { selector: 'CallExpression[callee.name=Date]', message: takeTheClock },
        ],
      },
    },

    // The one HTTP client, which asks issuers for their keys, and what it is told.
    {
      files: 'lib/keys/jwks/{fetch-json,jwks-options}.ts',
      rules: { 'no-restricted-imports': ['error', ...drivers] },
    },

    {
      // What a stranger sends must not cost the square of its length.
      files: ['lib/**/*.ts', 'examples/**/*.ts'],
      plugins: ['regexp'],
      rules: {
        'regexp/no-super-linear-backtracking': 'error',
        'regexp/no-super-linear-move': 'error',
      },
    },

    { files: 'lib/cli/**/*.ts', rules: { 'no-console': 'off' } },

    {
      // tsc has looked at their types. What it overlooks is a promise that nobody waits for, and a test that forgets
      // to wait cannot fail; all rules that know types would take twice as long.
      files: '{test,examples}/**/*.ts',
      rules: {
        '@typescript-eslint/await-thenable': 'error',
        '@typescript-eslint/no-misused-promises': 'error',
        // test() and its kin return promises that node:test itself awaits.
        '@typescript-eslint/no-floating-promises': [
          'error',
          {
            allowForKnownSafeCalls: [
              { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
            ],
          },
        ],
      },
    },
  ],
}
