// Compiles lib/ twice: dist/esm for `import`, dist/cjs for `require`, each with its own declarations.
import { execSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { linkCommand } from './link-command.mjs'

rmSync('dist', { recursive: true, force: true })
execSync('tsc --project tsconfig.esm.json', { stdio: 'inherit' })
execSync('tsc --project tsconfig.cjs.json', { stdio: 'inherit' })

// The package says "type": "module"; below dist/cjs the files are CommonJS all the same.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')

chmodSync('dist/esm/cli/main.js', 0o755)
linkCommand('.')
