import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ExportedUserError, readExportedUser } from '../../lib/migrate/exported-user.js'

const ID = '59fdd02846244cd5e5369ebf'
const identity = { id: '24601', provider_type: 'custom-token', provider_id: '5f0f3c1d2b8a4c0017f9a111' }
const user = {
  _id: ID,
  type: 'normal',
  identities: [identity],
  data: { name: 'Jean Valjean' },
  creation_date: 1509806120,
  last_authentication_date: 1618673527,
  disabled: false,
}

const read = (others: object = {}) => readExportedUser({ ...user, ...others })
const refused = (others: object, message: RegExp) => {
  assert.throws(
    () => read(others),
    (error) => error instanceof ExportedUserError && message.test(error.message),
    JSON.stringify(others),
  )
}

test('the users of an export become the records of a store', () => {
  const url = new URL('../fixtures/users.json', import.meta.url)
  const users = JSON.parse(readFileSync(url, 'utf8')) as unknown[]
  assert.deepEqual(users.map(readExportedUser), [
    {
      id: ID,
      type: 'normal',
      identities: [
        {
          id: '24601',
          provider_type: 'custom-token',
          data: {
            name: 'Jean Valjean',
            aliases: ['Monsieur Madeleine', 'Ultime Fauchelevent', 'Urbain Fabre'],
          },
        },
      ],
      creation_date: 1509806120,
      last_authentication_date: 1618673527,
      disabled: false,
    },
    {
      id: '5f1a2b3c4d5e6f7081920304',
      type: 'normal',
      identities: [
        {
          id: '5f1a2b3c4d5e6f7081920305',
          provider_type: 'local-userpass',
          data: { name: 'Cosette', age: 17 },
        },
        { id: 'users/cosette', provider_type: 'custom-token', data: {} },
      ],
      creation_date: 1595550524,
      last_authentication_date: 1650000000,
      disabled: false,
    },
    {
      id: '60d5ec49f1a4c12345678901',
      type: 'normal',
      identities: [{ id: 'javert', provider_type: 'custom-token', data: { name: 'Javert' } }],
      creation_date: 1624632393,
      last_authentication_date: 1624632393,
      disabled: true,
    },
  ])
})

describe('dates', () => {
  const dateOf = (creation_date: unknown) => read({ creation_date }).creation_date

  test('are epoch seconds, ISO dates with a time zone, or { $date }', () => {
    for (const date of [
      ...[1509806120, 1509806120.9, '2017-11-04T14:35:20Z', '2017-11-04T15:35:20.500+01:00'],
      ...[{ $numberInt: '1509806120' }, { $numberLong: '1509806120' }, { $numberDouble: '1509806120.0' }],
      ...[{ $date: '2017-11-04T14:35:20Z' }, { $date: 1509806120000 }],
      { $date: { $numberLong: '1509806120999' } },
    ])
      assert.equal(dateOf(date), 1509806120, JSON.stringify(date))
    assert.equal(dateOf(0), 0)
  })

  test('that could be milliseconds are refused, not guessed', () => {
    refused({ creation_date: 1509806120000 }, /creation_date looks like milliseconds: divide it by 1000/)
    refused({ last_authentication_date: { $numberLong: '1618673527000' } }, /looks like milliseconds/)
  })

  test('of another shape are refused', () => {
    for (const creation_date of [
      ...[null, true, '', '1509806120', '2017-11-04', '2017-11-04T14:35:20', 'yesterday', -1, [], {}],
      ...[{ $date: 'yesterday' }, { $date: '1509806120' }, { $numberLong: 'x' }, { $date: {} }],
    ])
      refused({ creation_date }, /^creation_date is not a date/)
    refused({ creation_date: undefined }, /^creation_date is missing$/)
  })

  test('of the last login may be missing, of a user who never came back', () => {
    assert.equal(read({ last_authentication_date: undefined }).last_authentication_date, 1509806120)
    assert.equal(read({ last_authentication_date: 0 }).last_authentication_date, 0)
  })
})

describe('the id', () => {
  test('is a text or { $oid }, in lower case afterwards', () => {
    assert.equal(read({ _id: { $oid: ID.toUpperCase() } }).id, ID)
  })

  test('of another shape is refused', () => {
    for (const _id of [null, 5, '', 'x', ID.slice(1), `${ID}0`, {}, { $oid: 5 }])
      refused({ _id }, /^_id is not 24 hex characters$/)
    refused({ _id: undefined }, /^_id is missing$/)
  })
})

test('type and disabled have their defaults, and are never guessed', () => {
  const { type, disabled } = read({ type: undefined, disabled: undefined })
  assert.deepEqual([type, disabled], ['normal', false])
  assert.equal(read({ type: 'server' }).type, 'server')
  for (const type of ['admin', null, 5]) refused({ type }, /^type is none of normal, server, system$/)
  for (const disabled of ['true', 1, null]) refused({ disabled }, /^disabled is .*, not true or false$/)
})

describe('identities', () => {
  test('of other providers stay, and data goes to the first of them, if there is one', () => {
    const other = { id: 'x', provider_type: 'api-key' }
    const identities = [other, identity, { ...identity, id: 'second' }]
    assert.deepEqual(
      read({ identities }).identities.map(({ data }) => data),
      [{ name: 'Jean Valjean' }, {}, {}],
    )
    assert.deepEqual(read({ identities: [other] }).identities, [{ ...other, data: user.data }])
  })

  test('that have data of their own keep it', () => {
    const identities = [identity, { ...identity, id: 'second', data: { name: 'Madeleine' } }]
    assert.deepEqual(
      read({ identities }).identities.map(({ data }) => data),
      [{}, { name: 'Madeleine' }],
    )
  })

  test('that sign nobody in are refused', () => {
    for (const identities of [undefined, null, [], {}, 'x'])
      refused({ identities }, /^identities is not a list/)
    refused({ identities: [identity, 'x'] }, /^identities\[1\]\.id is not a non-empty string$/)
    refused({ identities: [{ ...identity, id: '' }] }, /^identities\[0\]\.id is not a non-empty string$/)
    refused(
      { identities: [{ ...identity, id: { $gt: '' } }] },
      /^identities\[0\]\.id is not a non-empty string$/,
    )
    refused(
      { identities: [{ ...identity, provider_type: 5 }] },
      /^identities\[0\]\.provider_type is not a non-empty string$/,
    )
    refused({ identities: [{ ...identity, id: 'a\ud800' }] }, /^identities\[0\]\.id is not valid Unicode$/)
  })
})

describe('data', () => {
  const dataOf = (data: unknown) => read({ data }).identities[0]?.data

  test('loses the type marks of Extended JSON', () => {
    const oid = { $oid: ID }
    const date = { $date: { $numberLong: '1509806120123' } }
    const numbers = [{ $numberInt: '5' }, { $numberLong: '-6' }, { $numberDouble: '7.5' }]
    assert.deepEqual(dataOf({ oid, date, nested: { numbers }, plain: { a: null, $b: 1, c: true } }), {
      oid: ID,
      date: '2017-11-04T14:35:20.123Z',
      nested: { numbers: [5, -6, 7.5] },
      plain: { a: null, $b: 1, c: true },
    })
  })

  test('may be absent', () => {
    for (const data of [undefined, null, {}]) assert.deepEqual(dataOf(data), {})
  })

  test('that JSON cannot say is refused, with its path', () => {
    refused(
      { data: { a: [{ b: { $numberLong: '9007199254740993' } }] } },
      /^data\.a\[0\]\.b holds \$numberLong/,
    )
    refused({ data: { a: { $numberDouble: 'NaN' } } }, /^data\.a holds \$numberDouble/)
    refused({ data: { a: { $binary: {} } } }, /^data\.a holds \$binary/)
    refused({ data: [] }, /^data is an array, not an object$/)
    refused(
      { data: JSON.parse('{"a":{"__proto__":{"admin":true}}}') as object },
      /^data\.a has the forbidden key/,
    )
  })
})

test('what is not a user is refused', () => {
  for (const value of [null, 5, 'x', [], true])
    assert.throws(() => readExportedUser(value), /^Error: is .*, not a user$/)
})

describe('the data of identities', () => {
  const google = { id: 'g1', provider_type: 'oauth2-google' }
  const dataOf = (identities: object[], data: object = {}) =>
    read({ identities, data }).identities.map((item) => [item.provider_type, item.data])

  test('is what each brought, so that a login with one of them leaves the others alone', () => {
    const own = [
      { ...identity, provider_data: { name: 'Jean' } },
      { ...google, provider_data: { email: 'jean@example.com' } },
    ]
    const expected = [
      ['custom-token', { name: 'Jean' }],
      ['oauth2-google', { email: 'jean@example.com' }],
    ]
    assert.deepEqual(dataOf(own, { name: 'Jean', email: 'jean@example.com' }), expected)
    assert.deepEqual(dataOf(own), expected)
  })

  test('that nobody claims goes where no login replaces it, before what is refreshed', () => {
    assert.deepEqual(dataOf([identity, google], { name: 'Jean' }), [
      ['oauth2-google', { name: 'Jean' }],
      ['custom-token', {}],
    ])
    const claimed = { ...google, provider_data: { email: 'e' } }
    assert.deepEqual(dataOf([identity, claimed], { email: 'e', age: 64 }), [
      ['oauth2-google', { age: 64, email: 'e' }],
      ['custom-token', {}],
    ])
    assert.deepEqual(dataOf([identity], { name: 'Jean' }), [['custom-token', { name: 'Jean' }]])
  })

  test('of a wrong shape is refused', () => {
    refused(
      { identities: [{ ...identity, provider_data: 'x' }] },
      /identities\[0\]\.provider_data is a string/,
    )
  })
})

test('what the old command line printed is told from an export', () => {
  const row = { ID: ID, Type: 'normal', Enabled: true }
  for (const value of [row, { message: 'Found 1 user', headers: ['ID'], data: [row] }])
    assert.throws(() => readExportedUser(value), /the CLI's `users list`, which has no identities/)
})
