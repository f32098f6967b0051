// Runs every part in processes of its own and prints one table for each.  npm start [http] [calls] [providers] [memory] [jwks] [stores]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg } from 'node:os'

if (!existsSync(new URL('../dist/esm/index.js', import.meta.url))) {
  console.error(
    'What is measured is the package as built, and there is no dist/: run `npm run bench` in the root.',
  )
  process.exit(1)
}

const chosen = process.argv.slice(2)
const isChosen = (part) => chosen.length === 0 || chosen.includes(part)

/** Runs a file with arguments; resolves with what it sends. */
async function run(file, ...args) {
  console.error(`running ${file} ${args.join(', ')}`)
  const child = fork(new URL(file, import.meta.url), args, { execArgv: ['--expose-gc'] })
  let sent
  child.once('message', (message) => {
    sent = message
  })
  const [status] = await once(child, 'exit')
  if (status !== 0 || !sent) throw new Error(`${file} ${args.join(' ')} ended with ${status}`)
  return sent
}

function printTable(title, head, rows) {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)))
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  console.log(`\n## ${title}\n`)
  for (const cells of [head, rule, ...rows]) console.log(`| ${cells.map(pad).join(' | ')} |`)
}

const microseconds = (value) => value.toFixed(Math.abs(value) < 10 ? 1 : 0)
const percent = (share) => `${(100 * share).toFixed(1)} %`
const twoDigits = (value) => value.toFixed(2)
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const withQuartiles = ({ low, median, high }, format) =>
  `${format(median)} (${format(low)} to ${format(high)})`

const express = createRequire(import.meta.url)('express/package.json').version
const load = loadavg()[0].toFixed(1)
console.log(
  `Node ${process.versions.node}, Express ${express}, ${availableParallelism()} cores, load at the start ${load}`,
)
console.log('Times in microseconds of CPU; medians, with quartiles in parentheses.')

const SEEN = [
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
const NEW = [
  ['custom-jwt-auth', 'RS256', 'jwtTokenString'],
  ['fast-jwt, cache on', 'RS256', 'bearer'],
  ['fast-jwt, cache off', 'RS256', 'bearer'],
  ['express-oauth2-jwt-bearer', 'RS256', 'bearer'],
  ['express-jwt', 'RS256', 'bearer'],
  ['passport-jwt', 'RS256', 'bearer'],
]
const OURS_ALONE = {
  'new-user': [['custom-jwt-auth', 'RS256', 'jwtTokenString']],
  'bad-signature': [['custom-jwt-auth', 'RS256', 'jwtTokenString']],
  expired: [['custom-jwt-auth', 'RS256', 'jwtTokenString']],
  missing: [['custom-jwt-auth', 'RS256', 'jwtTokenString']],
}

if (isChosen('http')) {
  const seen = []
  for (const guard of SEEN) {
    const { bare, extra, share, lost } = await run('throughput.mjs', ...guard, 'seen')
    const cost = [microseconds(bare.median), withQuartiles(extra, microseconds)]
    seen.push([guard.join(', '), ...cost, percent(share.median), withQuartiles(lost, percent)])
  }
  const head = ['guard', 'bare request', 'guard adds', 'of the request', 'throughput lost']
  printTable('A token seen before, over HTTP', head, seen)

  const fresh = []
  for (const guard of NEW) {
    const { bare, extra, verify } = await run('throughput.mjs', ...guard, 'new')
    const cost = [microseconds(bare.median), withQuartiles(extra, microseconds)]
    fresh.push([
      guard.join(', '),
      ...cost,
      withQuartiles(verify, microseconds),
      (extra.median / verify.median).toFixed(2),
    ])
  }
  printTable(
    'A token never seen, over HTTP',
    ['guard', 'bare request', 'guard adds', 'one raw crypto.verify adds', 'ratio'],
    fresh,
  )
}

if (isChosen('calls')) {
  const rows = []
  for (const [age, guards] of Object.entries({ seen: SEEN, new: NEW, ...OURS_ALONE }))
    for (const guard of guards) {
      const { call, inRequests, inVerifies } = await run('calls.mjs', ...guard, age)
      const ratios = [percent(inRequests.median), withQuartiles(inVerifies, twoDigits)]
      rows.push([`${age}: ${guard.join(', ')}`, withQuartiles(call, microseconds), ...ratios])
    }
  printTable('One call, in a loop without HTTP', ['call', 'CPU', 'of a bare request', 'raw verifies'], rows)
}

if (isChosen('providers')) {
  const rows = (await run('providers.mjs')).map(({ name, microseconds: cost, ratio }) => [
    name,
    microseconds(cost),
    twoDigits(ratio),
  ])
  printTable('A token seen before, by the number of providers', ['providers', 'CPU', 'ratio'], rows)
}

if (isChosen('memory')) {
  const rows = []
  for (const name of [
    'shown to an empty middleware',
    'of 1,000 users',
    'of 1,000,000 users, none of whom exists',
  ]) {
    const { heapUsed, rss, peak } = await run('memory.mjs', name)
    rows.push([name, ...[heapUsed, rss, peak].map(megabytes)])
  }
  printTable('Growth after 1,000,000 different tokens', ['tokens', 'heap', 'RSS', 'RSS at its highest'], rows)
}

for (const part of ['jwks', 'stores'].filter(isChosen)) {
  const [status] = await once(fork(new URL(`${part}.mjs`, import.meta.url)), 'exit')
  if (status !== 0) throw new Error(`${part}.mjs ended with ${status}`)
}
