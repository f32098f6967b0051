'use strict'

// Who may import whom in lib/, as CONTRIBUTING.md draws it. `target` must not import from `from`.
const importZones = [
  {
    target: ['./lib/errors.ts', './lib/user.ts'],
    from: './lib',
    message: 'errors.ts and user.ts import nothing of ours.',
  },
  {
    target: ['./lib/jws', './lib/token', './lib/keys', './lib/users', './lib/sessions'],
    from: ['./lib/http', './lib/routes', './lib/migrate', './lib/cli'],
    message: 'jws, token, keys, users and sessions know no HTTP.',
  },
  {
    target: ['./lib/jws', './lib/token', './lib/keys'],
    from: ['./lib/users', './lib/sessions'],
    message: 'A verified token is a value: whom it signs in is for users to know.',
  },
  {
    target: ['./lib/http'],
    from: ['./lib/routes'],
    message: 'Routes stand on http, never the other way round.',
  },
  {
    target: ['./lib/!(index|custom-jwt-auth).ts', './lib/!(stores|cli)/**'],
    from: './lib/stores',
    except: ['./store.ts'],
    message: 'Only custom-jwt-auth.ts wires: take a Store (stores/store.ts) as an argument.',
  },
  {
    target: './lib/stores',
    from: [
      './lib/http',
      './lib/routes',
      './lib/jws',
      './lib/token',
      './lib/keys',
      './lib/users',
      './lib/sessions',
      './lib/config.ts',
      './lib/options.ts',
    ],
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
  ignorePatterns: ['dist', 'test/fixtures'],
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
      extends: ['plugin:@typescript-eslint/strict-type-checked'],
      rules: {
        '@typescript-eslint/consistent-type-exports': 'error',
        '@typescript-eslint/consistent-type-imports': 'error',
        '@typescript-eslint/no-import-type-side-effects': 'error',
        // Typing req.user takes both: `declare global { namespace Express { interface User extends … {} } }`.
        '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
        '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
        '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
        eqeqeq: 'error',
      },
    },

    {
      files: 'lib/**/*.ts',
      plugins: ['import-x'],
      settings: {
        'import-x/extensions': ['.ts'],
        'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
        // The sources import './name.js', as Node will see it; on disk that is name.ts.
        'import-x/resolver': { node: { extensionAlias: { '.js': ['.ts'] } } },
      },
      rules: {
        'import-x/no-cycle': 'error',
        'import-x/no-restricted-paths': ['error', { zones: importZones, basePath: __dirname }],
        'max-lines': ['error', 250],
        'no-console': 'error',
        'no-restricted-imports': ['error', ...drivers],
      },
    },

    {
      files: 'lib/{jws,token,keys,users,sessions}/**/*.ts',
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

    // The one HTTP client: it asks issuers for their keys.
    {
      files: 'lib/keys/jwks/fetch-json.ts',
      rules: { 'no-restricted-imports': ['error', ...drivers] },
    },

    { files: 'lib/cli/**/*.ts', rules: { 'no-console': 'off' } },

    {
      files: '{test,examples}/**/*.ts',
      rules: {
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
