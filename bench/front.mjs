// The sentences with figures that README.md shows, and the charts in them.
import { microseconds, percent, twoDigits, whole } from './tables.mjs'

const ofOurs = (results, age) =>
  results.calls.measured.find(
    ({ token, guard, algorithm, credential }) =>
      token === age &&
      guard === 'custom-jwt-auth' &&
      algorithm === 'RS256' &&
      credential === 'jwtTokenString',
  )

function cost(results) {
  const [seen, fresh] = [ofOurs(results, 'seen'), ofOurs(results, 'new')]
  const neighbor = (age) =>
    results.calls.measured.find(({ token, guard }) => token === age && guard === 'express-jwt')
  const times = (age) => neighbor(age).timesOurs.toFixed(1)
  return [
    '![What a guard adds to a request: bars of this package and its neighbors, for tokens seen before and never',
    'seen.](docs/charts/request.svg)',
    '',
    `A token seen before costs ${microseconds(seen.microseconds)} of CPU time, ${percent(seen.ofRequest)} of a bare Express request, and one never seen`,
    `${microseconds(fresh.microseconds)}, ${twoDigits(fresh.rawVerifies)} raw signature verifications; express-jwt takes ${times('seen')} and ${times('new')} times that.`,
  ].join('\n')
}

function scale(results) {
  const grown = results.stores.measured.map(({ store, calls }) => {
    const { ratio } = calls.find(({ call }) => call === 'sign in')
    return `${twoDigits(ratio)} times as long (${store})`
  })
  const [ours] = results.jwks.measured.flood
  return [
    '![Lines: the milliseconds of a sign-in and a sign-up, by the number of users in the',
    'store.](docs/charts/users.svg)',
    '',
    '![Bars: requests to the issuer and honest tokens refused, for this package and jwks-rsa, during a minute of',
    'invented key ids.](docs/charts/invented-key-ids.svg)',
    '',
    `With a million users instead of a thousand, a sign-in takes ${grown.join(' and ')}. ${whole(ours.invented)}`,
    `invented key ids cost the issuer ${whole(ours.fetches)} requests, and ${whole(ours.known.refused)} of ${whole(ours.known.sent)} people with a key known before are refused.`,
  ].join('\n')
}

/** The blocks of README.md. */
export const front = { cost, scale }
