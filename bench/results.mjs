// What was measured, and on what: one JSON file for each part in results/, from which charts and tables are made.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg } from 'node:os'

const fileOf = (part) => new URL(`results/${part}.json`, import.meta.url)
const require = createRequire(import.meta.url)

const PARTS = ['http', 'calls', 'providers', 'memory', 'jwks', 'stores']

/** Packages need not export their package.json: it is looked for where Node would find the package. */
function versionOf(name) {
  const file = require.resolve
    .paths(name)
    .map((folder) => `${folder}/${name}/package.json`)
    .find((path) => existsSync(path))
  if (!file) throw new Error(`${name} is not installed`)
  return JSON.parse(readFileSync(file, 'utf8')).version
}

/** Begins the record of a run; the function that it returns ends it with what was measured. */
export function describeRun(part, packages) {
  const load = () => Number(loadavg()[0].toFixed(1))
  const start = load()
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return (measured) => ({
    command: `npm run bench -- ${part}`,
    date: new Date().toISOString().slice(0, 10),
    machine: { cores: availableParallelism(), cpu: cpus()[0].model },
    load: { start, end: load() },
    versions: {
      node: process.versions.node,
      openssl: process.versions.openssl,
      ...Object.fromEntries(['express', 'jsonwebtoken', ...packages].map((name) => [name, versionOf(name)])),
      'custom-jwt-auth': version,
    },
    measured,
  })
}

export function writeResult(part, result) {
  writeFileSync(fileOf(part), `${JSON.stringify(result, null, 2)}\n`)
}

/** What was measured, by part. */
export const readResults = () =>
  Object.fromEntries(
    PARTS.filter((part) => existsSync(fileOf(part))).map((part) => [
      part,
      JSON.parse(readFileSync(fileOf(part), 'utf8')),
    ]),
  )
