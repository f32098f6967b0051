// Runs every part in a process of its own and prints one table for each.  npm start [throughput] [calls] [memory]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg } from 'node:os'

if (!existsSync(new URL('../dist/esm/index.js', import.meta.url))) {
  console.error('dist/ is missing, and what is measured is the package as built: run `npm run build` in the root first')
  process.exit(1)
}

const require = createRequire(import.meta.url)
const only = process.argv.slice(2)
const wanted = (part) => only.length === 0 || only.includes(part)

/** Runs a file with arguments; resolves with what it sends. */
async function run(file, ...args) {
  const child = fork(new URL(file, import.meta.url), args, { execArgv: ['--expose-gc'] })
  const sent = once(child, 'message')
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}`)
  return (await sent)[0]
}

function table(title, head, rows) {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)))
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  console.log(`\n### ${title}\n\n${[line(head), rule, ...rows.map(line)].join('\n')}`)
}

const number = (value) => value.toFixed(value < 10 ? 1 : 0)
const percent = (share) => `${(100 * share).toFixed(1)} %`
const withQuartiles = ({ low, median, high }, format) => `${format(median)} (${format(low)} to ${format(high)})`
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`

const { version } = require('express/package.json')
const load = loadavg()[0].toFixed(1)
console.log(`Node ${process.versions.node}, Express ${version}, ${availableParallelism()} cores, load ${load} at the start`)

const GUARDS = [
  ['setting req.user', 'RS256', 'bearer'],
  ['custom-jwt-auth', 'HS256', 'jwtTokenString'],
  ['custom-jwt-auth', 'RS256', 'jwtTokenString'],
  ['custom-jwt-auth', 'RS256', 'session'],
  ['fast-jwt, cache on', 'RS256', 'bearer'],
  ['fast-jwt, cache off', 'RS256', 'bearer'],
  ['express-oauth2-jwt-bearer', 'RS256', 'bearer'],
  ['express-jwt', 'RS256', 'bearer'],
  ['passport-jwt', 'RS256', 'bearer'],
]

if (wanted('throughput')) {
  const rows = []
  for (const guard of GUARDS) {
    const { bare, guarded, cpu, throughput } = await run('throughput.mjs', ...guard)
    rows.push([
      guard.join(', '),
      `${number(bare.median)} µs`,
      `${number(guarded.median)} µs`,
      withQuartiles(cpu, percent),
      withQuartiles(throughput, percent),
    ])
  }
  table(
    'A token seen before, over HTTP',
    ['guard', 'bare, CPU', 'guarded, CPU', 'more CPU a request', 'throughput lost'],
    rows,
  )
}

if (wanted('calls')) {
  const results = await run('calls.mjs')
  const request = results['bare Express request'].median
  const verify = results['raw crypto.verify'].median
  table(
    'CPU time of one call',
    ['call', 'µs', 'of a bare request', 'raw verifies'],
    Object.entries(results).map(([name, cpu]) => [
      name.replace(' | ', ': '),
      withQuartiles(cpu, number),
      percent(cpu.median / request),
      (cpu.median / verify).toFixed(2),
    ]),
  )
}

if (wanted('memory')) {
  const rows = []
  for (const name of ['shown to an empty middleware', 'of 1,000 users', 'of 1,000,000 users, none of whom exists']) {
    const { heapUsed, rss, peak } = await run('memory.mjs', name)
    rows.push([name, ...[heapUsed, rss, peak].map(megabytes)])
  }
  table('Memory after 1,000,000 different tokens', ['tokens', 'heap', 'RSS', 'RSS at its highest'], rows)
}
