// What was measured as Markdown: a table for each part, and the sentences of the front page. No figure is written by hand.

/** As prettier formats it: the first column to the left, numbers to the right. */
function table(head, rows) {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column].length)),
  )
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [head, rule, ...rows].map((cells) => `| ${cells.map(pad).join(' | ')} |`).join('\n')
}

export const microseconds = (value) => `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} µs`
export const percent = (share) => `${(100 * share).toFixed(share < 0.995 ? 1 : 0)} %`
export const twoDigits = (value) => value.toFixed(2)
export const milliseconds = (value) => value.toFixed(value < 1 ? 3 : 2)
export const whole = (value) => value.toLocaleString('en')
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`

const NOT_VERSIONED = ['node', 'openssl', 'custom-jwt-auth']

/** On what it was measured. */
export function conditions({ command, date, machine, load, versions }) {
  const packages = Object.entries(versions).filter(([name]) => !NOT_VERSIONED.includes(name))
  return [
    `${date}, Node ${versions.node} with OpenSSL ${versions.openssl}, ${machine.cores} cores (${machine.cpu}),`,
    `load ${load.start.toFixed(1)} at the start and ${load.end.toFixed(1)} at the end;`,
    `custom-jwt-auth ${versions['custom-jwt-auth']},`,
    `${packages.map((each) => each.join(' ')).join(', ')}.`,
    `Lowest decile of the rounds. \`${command}\``,
  ].join('\n')
}

const nameOf = ({ guard, algorithm, credential }) =>
  guard === 'custom-jwt-auth' ? `${guard}, ${algorithm}, ${credential}` : guard

function calls(result) {
  const words = {
    seen: 'seen before',
    new: 'never seen',
    'new-user': 'never seen, of a new user',
    'bad-signature': 'refused: bad signature',
    expired: 'refused: expired',
    missing: 'refused: there is none',
  }
  const tables = ['seen', 'new'].map((age) => {
    const rows = result.measured.filter(({ token }) => token === age)
    const head = [`token ${words[age]}`, 'CPU', 'of a bare request', 'raw verifications', 'times ours']
    return table(
      head,
      rows.map((row) => [
        nameOf(row),
        microseconds(row.microseconds),
        percent(row.ofRequest),
        twoDigits(row.rawVerifies),
        twoDigits(row.timesOurs),
      ]),
    )
  })
  const alone = result.measured.filter(({ token }) => !['seen', 'new'].includes(token))
  const refusals = alone.map((row) => [
    words[row.token],
    microseconds(row.microseconds),
    percent(row.ofRequest),
    twoDigits(row.rawVerifies),
  ])
  const head = ['custom-jwt-auth, RS256', 'CPU', 'of a bare request', 'raw verifications']
  return [...tables, table(head, refusals), conditions(result)].join('\n\n')
}

function http(result) {
  const tables = ['seen', 'new'].map((age) => {
    const isNew = age === 'new'
    const head = [
      `token ${isNew ? 'never seen' : 'seen before'}, over HTTP`,
      'bare request',
      'guard adds',
      'of it',
      ...(isNew ? ['raw verifications'] : ['throughput lost']),
    ]
    const rows = result.measured.filter(({ token }) => token === age)
    return table(
      head,
      rows.map((row) => [
        nameOf(row),
        microseconds(row.bareRequest),
        microseconds(row.guardAdds),
        percent(row.ofRequest),
        isNew ? twoDigits(row.rawVerifies) : percent(row.throughputLost),
      ]),
    )
  })
  return [...tables, conditions(result)].join('\n\n')
}

function providers(result) {
  const rows = result.measured.map((row) => [
    row.providers,
    microseconds(row.microseconds),
    twoDigits(row.ratio),
  ])
  return `${table(['providers', 'CPU', 'ratio'], rows)}\n\n${conditions(result)}`
}

function memory(result) {
  const rows = result.measured.map(({ tokens, heapUsed, rss, peak }) => [
    tokens,
    ...[heapUsed, rss, peak].map(megabytes),
  ])
  const grown = table(['1,000,000 different tokens', 'heap', 'RSS', 'RSS at its highest'], rows)
  return `${grown}\n\n${conditions(result).replace(/Lowest decile of the rounds\. /, '')}`
}

function jwks(result) {
  const keys = result.measured.calls.map(({ call, writtenDown, fromIssuer, ratio }) => [
    call,
    microseconds(writtenDown),
    microseconds(fromIssuer),
    twoDigits(ratio),
  ])
  const of = ({ refused, sent }) => `${whole(refused)} of ${whole(sent)}`
  const flood = result.measured.flood.map((row) => [
    row.client,
    whole(row.invented),
    whole(row.fetches),
    of(row.known),
    of(row.new),
    `${row.longestWaitSeconds.toFixed(1)} s`,
  ])
  return [
    table(['keys', 'written down', 'from an issuer', 'ratio'], keys),
    table(
      [
        'one minute of invented key ids',
        'invented',
        'fetches',
        'known key refused',
        'new key refused',
        'longest wait',
      ],
      flood,
    ),
    conditions(result),
  ].join('\n\n')
}

/** What PostgreSQL or SQLite is called, with its version where that is not the driver's. */
export const storeName = ({ store, engine }) =>
  store === 'PostgreSQL' ? `${store} ${engine}` : `${store} (${engine})`

function stores(result) {
  const tables = result.measured.map((measured) => {
    const sizes = measured.calls[0].points.map(({ users }) => whole(users))
    const rows = measured.calls.map(({ call, points, ratio }) => [
      call,
      ...points.map((point) => milliseconds(point.milliseconds)),
      twoDigits(ratio),
    ])
    return table([`${storeName(measured)}, milliseconds`, ...sizes, 'ratio'], rows)
  })
  return [...tables, conditions(result)].join('\n\n')
}

/** The Markdown of each part. */
export const tables = { http, calls, providers, memory, jwks, stores }
