// New subjects for imported people: whom an entry means, and what is wrong with a map.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Identity, UserRecord } from 'custom-jwt-auth'
import { readSubjectMap } from '../../lib/migrate/subject-map.js'

const own = (id: string): Identity => ({ id, provider_type: 'custom-token', data: { name: id } })
const password = (id: string): Identity => ({ id, provider_type: 'local-userpass', data: {} })
const userOf = (number: number, ...identities: Identity[]): UserRecord => ({
  id: String(number).padStart(24, '0'),
  type: 'normal',
  identities,
  creation_date: 1_500_000_000,
  last_authentication_date: 1_500_000_000,
  disabled: false,
})
const jean = userOf(1, own('24601'))
const cosette = userOf(2, password('cosette-id'))
const thenardier = userOf(3, own('jondrette'), own('fabantou'))
const everybody = [jean, cosette, thenardier]

function applied(map: object | string, users = everybody): UserRecord[] {
  const subjects = readSubjectMap(typeof map === 'string' ? map : JSON.stringify(map))
  const renamed = users.map(subjects.apply)
  subjects.check()
  return renamed
}

describe('a map of subjects', () => {
  test('replaces a subject, which the new issuer may give to somebody else, and keeps its data', () => {
    for (const key of ['24601', jean.id])
      assert.deepEqual(applied({ [key]: 'auth0|1' }), [
        { ...jean, identities: [{ ...own('24601'), id: 'auth0|1' }] },
        cosette,
        thenardier,
      ])
    const [, , renamed] = applied({ fabantou: 'auth0|3' })
    assert.deepEqual(renamed?.identities, [own('jondrette'), { ...own('fabantou'), id: 'auth0|3' }])
  })

  test('gives a subject to who had no token, beside what there is', () => {
    const added = { id: 'auth0|2', provider_type: 'custom-token', data: {} }
    for (const key of ['cosette-id', cosette.id])
      assert.deepEqual(applied({ [key]: 'auth0|2' })[1]?.identities, [password('cosette-id'), added])
  })

  test('may swap two subjects, and begin with a byte order mark', () => {
    const [one, two] = applied('\ufeff{"a":"b","b":"a"}', [userOf(1, own('a')), userOf(2, own('b'))])
    assert.deepEqual([one?.identities[0]?.id, two?.identities[0]?.id], ['b', 'a'])
  })

  const wrong: readonly (readonly [object | string, RegExp])[] = [
    ['{"a":', /^it is not JSON$/],
    ['[]', /^it is .*, not an object \{ "<old id>": "<new subject>" \}$/],
    [{}, /^it is empty$/],
    [
      { '24601': 5, jondrette: '', fabantou: '\ud800' },
      /^"24601" has .*\n"jondrette" has .*\n"fabantou" has /,
    ],
    [{ '24601': 'x', 'cosette-id': 'x' }, /^"24601" and "cosette-id" have the same subject "x"$/],
    ['{"24601":"x", "2460\\u0031" : "y"}', /^"24601" is there twice$/],
    [{ gavroche: 'x' }, /^"gavroche" names nobody in the file$/],
    [{ '24601': 'jondrette' }, /^the subject "jondrette" would be that of 0+1 and of 0+3$/],
    [{ '24601': 'x', [jean.id]: 'y' }, /^"0+1" and "24601" are the same user, 0+1: keep one of the two$/],
    [{ [thenardier.id]: 'x' }, /^"0+3" has several subjects: name the old one/],
    [
      Object.fromEntries([...Array(25).keys()].map((n) => [`n${n}`, `s${n}`])),
      /^(?:.* names nobody.*\n){20}and 5 more$/,
    ],
  ]
  for (const [map, message] of wrong)
    test(`is refused: ${String(message)}`, () => {
      assert.throws(() => applied(map), { message })
    })

  test('is refused when an entry names two people', () => {
    const two = [userOf(1, password('a')), userOf(2, own('a'))]
    assert.throws(() => applied({ a: 'x' }, two), {
      message: /^"a" names 0+1 and 0+2: name them by their _id/,
    })
  })
})
