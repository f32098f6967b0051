// npm run lint: circles of imports in lib/, eslint and prettier, two at a time.
//
//   npm run lint                  everything
//   npm run lint -- lib/x.ts …    circles, and eslint and prettier on these files alone
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join, normalize } from 'node:path'
import ts from 'typescript'

process.chdir(import.meta.dirname)
const paths = process.argv.slice(2)
const isSource = (path) => /\.(?:[cm]?[jt]s)$/.test(path)

/** Runs a tool of node_modules/ to its end. What it says is printed at once, so that two do not mix their lines. */
function run(script, ...args) {
  // .eslintrc.cjs is what ESLint 9 reads in this mode alone. Its advice to leave the mode is known.
  const env = {
    ...process.env,
    ESLINT_USE_FLAT_CONFIG: 'false',
    NODE_OPTIONS: '--disable-warning=ESLintRCWarning',
  }
  const child = spawn(process.execPath, [join('node_modules', script), ...args], { env })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  return new Promise((done) => {
    child.on('close', (code) => {
      process.stdout.write(said)
      done(code === 0)
    })
  })
}

const eslint = (...targets) => run('eslint/bin/eslint.js', '--max-warnings=0', ...targets)
const prettier = (...targets) => run('prettier/bin/prettier.cjs', '--check', '--log-level=warn', ...targets)

/** The files of lib/ that a file imports, types included: those that eslint's import-x/no-cycle overlooks. */
function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'))
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(file, '..', name)).replace(/\.(c?)js$/, '.$1ts'))
}

/** The circles of imports in a folder, each as the files on its way. */
function circlesIn(folder) {
  const circles = []
  const done = new Set()
  function visit(file, way) {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file])
    else if (!done.has(file)) {
      for (const imported of importsOf(file)) visit(imported, [...way, file])
      done.add(file)
    }
  }
  for (const path of readdirSync(folder, { recursive: true }))
    if (/\.c?ts$/.test(path)) visit(join(folder, path), [])
  return circles
}

function noCircles() {
  const circles = circlesIn('lib')
  for (const circle of circles) console.log(`a circle of imports: ${circle.join(' → ')}`)
  return circles.length === 0
}

const lanes =
  paths.length > 0
    ? [[noCircles, () => eslint(...paths.filter(isSource)), () => prettier(...paths)]]
    : [[noCircles, () => eslint('lib'), () => prettier('.')], [() => eslint('.', '--ignore-pattern=lib')]]

/** One after another, all of them. */
async function inTurn(steps) {
  let good = true
  for (const step of steps) good = (await step()) && good
  return good
}

const results = await Promise.all(lanes.map(inTurn))
process.exit(results.every(Boolean) ? 0 : 1)
