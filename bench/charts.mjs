// The charts of README.md, bench/README.md and the site, made of what was measured.
import { drawBars, drawLines } from './svg.mjs'
import { microseconds, milliseconds, storeName, twoDigits, whole } from './tables.mjs'

/** What a reader needs to know of a run, in short. */
const foot = ({ date, machine, load, versions }, packages) =>
  [
    `${date}, Node ${versions.node}, ${machine.cores} cores (${machine.cpu}), load ${load.start.toFixed(1)} to ${load.end.toFixed(1)}.`,
    `${['custom-jwt-auth', ...packages].map((name) => `${name} ${versions[name]}`).join(', ')}.`,
  ].join(' ')

/** What a chart shows, for those who cannot see it. */
const described = (panels) =>
  panels
    .map(({ title, rows }) => `${title}: ${rows.map(({ name, label }) => `${name} ${label}`).join('; ')}.`)
    .join(' ')

const NEIGHBOURS = ['express-oauth2-jwt-bearer', 'express-jwt', 'passport-jwt', 'fast-jwt']
/** What is slower of fast-jwt is in the table alone. */
const SLOWER = { seen: 'fast-jwt, cache off', new: 'fast-jwt, cache on' }

function request({ calls }) {
  const ours = (age) =>
    calls.measured.find(
      ({ token, guard, algorithm, credential }) =>
        token === age &&
        guard === 'custom-jwt-auth' &&
        algorithm === 'RS256' &&
        credential === 'jwtTokenString',
    )
  const bar = (name, value, kind) => ({ name, value, label: microseconds(value), kind })
  const theirs = (age) =>
    calls.measured
      .filter(({ token, guard }) => token === age && NEIGHBOURS.some((name) => guard.startsWith(name)))
      .filter(({ guard }) => guard !== SLOWER[age])
      .sort((a, b) => a.microseconds - b.microseconds)
      .map(({ guard, microseconds: value }) => bar(guard, value))
  const jwt = { seen: ours('seen'), new: ours('new') }
  const panels = [
    {
      title: 'A token seen before: CPU time',
      rows: [
        bar('custom-jwt-auth', jwt.seen.microseconds, 'ours'),
        ...theirs('seen'),
        bar('the Express request itself', jwt.seen.bareRequest, 'reference'),
      ],
    },
    {
      title: 'A token never seen, RS256: CPU time',
      rows: [
        bar('custom-jwt-auth', jwt.new.microseconds, 'ours'),
        ...theirs('new'),
        bar('one raw crypto.verify', jwt.new.rawVerify, 'reference'),
      ],
    },
  ]
  return drawBars({
    title: 'What a guard adds to a request',
    description: described(panels),
    panels,
    foot: foot(calls, ['express', ...NEIGHBOURS]),
  })
}

const KINDS = { SQLite: 'a', PostgreSQL: 'b' }

/** A round number above all values, and four steps to it. */
function scaleTo(most) {
  const step = [0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 25, 50].find((each) => each * 4 >= most)
  return [0, 1, 2, 3, 4].map((count) => [count * step, String(Number((count * step).toFixed(2)))])
}

function users({ stores }) {
  const series = stores.measured.flatMap((store) =>
    store.calls
      .filter(({ call }) => call === 'sign in' || call === 'sign up')
      .map(({ call, points, ratio }) => ({
        ratio,
        name: `${store.store}, ${call}`,
        kind: KINDS[store.store] + (call === 'sign up' ? ' dashed' : ''),
        points: points.map(({ users: x, milliseconds: y }) => ({ x, y })),
        label: `${milliseconds(points[0].milliseconds)} → ${milliseconds(points.at(-1).milliseconds)} ms`,
      })),
  )
  const sizes = series[0].points.map(({ x }) => x)
  const described = series.map(
    ({ name, points, ratio }) =>
      `${name}: ${points.map(({ x, y }) => `${milliseconds(y)} ms with ${whole(x)}`).join(', ')}, ${twoDigits(ratio)} times as long.`,
  )
  return drawLines({
    title: 'What more users cost a sign-in',
    description: described.join(' '),
    unit: 'milliseconds, by the users in the store',
    series,
    ticks: {
      x: sizes.map((size) => [size, size < 1e6 ? whole(size) : 'a million']),
      y: scaleTo(Math.max(...series.flatMap(({ points }) => points.map(({ y }) => y)))),
    },
    foot: `${stores.measured.map(storeName).join(', ')}. ${foot(stores, ['pg', 'libsql'])}`,
  })
}

function inventedKeyIds({ jwks }) {
  const { flood } = jwks.measured
  const bars = (measure, label) =>
    flood.map((row) => ({
      name: row.client.replace(' (10 a minute)', '').replace('cache and ', ''),
      value: measure(row),
      label: label(row),
      kind: row.client === 'custom-jwt-auth' ? 'ours' : undefined,
    }))
  const panels = [
    {
      title: 'Requests that the issuer gets',
      rows: bars(
        ({ fetches }) => fetches,
        ({ fetches, invented }) => `${whole(fetches)} for ${whole(invented)}`,
      ),
    },
    {
      title: "Honest tokens refused: the issuer's new key",
      rows: bars(
        (row) => row.new.refused,
        (row) => `${whole(row.new.refused)} of ${whole(row.new.sent)}`,
      ),
    },
    {
      title: 'Honest tokens refused: the key known before',
      rows: bars(
        ({ known }) => known.refused,
        ({ known }) => `${whole(known.refused)} of ${whole(known.sent)}`,
      ),
    },
  ]
  return drawBars({
    title: 'A minute of invented key ids, and a key rotation in the middle of it',
    description: described(panels),
    panels,
    foot: foot(jwks, ['jwks-rsa']),
  })
}

/** Each chart by its name in docs/charts/. */
export const charts = { request, users, 'invented-key-ids': inventedKeyIds }
