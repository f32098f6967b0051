import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startApp } from '../support/app.js'
import { APP_ID, claims, mint, mintText, NOW } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'
import { parsePath } from '../../lib/token/metadata-options.js'

type Field = Readonly<Record<string, unknown>>

/** The data that a payload gives. */
function dataOf(metadataFields: readonly Field[], payload: object, options: object = {}): unknown {
  return verifierFor({ metadataFields, ...options }).accept(mint(claims(payload))).data
}

/** The refusal of a payload. */
function refusalOf(metadataFields: readonly Field[], payload: object, options: object = {}) {
  const error = verifierFor({ metadataFields, ...options }).refuse(mint(claims(payload)))
  assert.equal(error.status, 401)
  assert.equal(error.error_code, 'AuthError')
  return { code: error.code, reason: error.message.replace('invalid custom auth token: ', '') }
}

/** The payload as JSON text, because an object literal cannot have some keys. */
const raw = (more: string): string =>
  mintText(`{"aud":"${APP_ID}","sub":"24601","exp":${String(NOW + 60)},${more}}`)

describe('a path', () => {
  const rows: readonly [string, string[]][] = [
    ['name', ['name']],
    ['user_data.name', ['user_data', 'name']],
    ['location.primary.city', ['location', 'primary', 'city']],
    ['http://example\\.com/id', ['http://example.com/id']],
    ['valid\\.json\\.key\\.nested_key', ['valid.json.key.nested_key']],
    ['valid\\.json\\.key.nested_key', ['valid.json.key', 'nested_key']],
    ['https://example\\.com/claims.roles', ['https://example.com/claims', 'roles']],
    ['a\\.b.c\\.d', ['a.b', 'c.d']],
    ['back\\slash', ['back\\slash']],
    ['with space.ünï', ['with space', 'ünï']],
  ]
  for (const [name, parts] of rows)
    test(`${name} has the parts ${parts.join(' | ')}`, () => {
      assert.deepEqual(parsePath(name), parts)
    })
})

describe('a mapped claim', () => {
  const rows: readonly { what: string; fields: Field[]; payload: object; data: object }[] = [
    {
      what: 'at the top',
      fields: [{ name: 'name' }],
      payload: { name: 'Jean Valjean' },
      data: { name: 'Jean Valjean' },
    },
    {
      what: 'in an embedded object',
      fields: [{ name: 'user_data.address.city' }],
      payload: { user_data: { address: { city: 'Montreuil' } } },
      data: { city: 'Montreuil' },
    },
    {
      what: 'under a URL',
      fields: [{ name: 'http://example\\.com/id' }],
      payload: { 'http://example.com/id': 7 },
      data: { 'http://example.com/id': 7 },
    },
    {
      what: 'under a key with dots',
      fields: [{ name: 'valid\\.json\\.key\\.nested_key' }],
      payload: { 'valid.json.key.nested_key': 1, valid: { json: { key: { nested_key: 2 } } } },
      data: { 'valid.json.key.nested_key': 1 },
    },
    {
      what: 'below a key with dots',
      fields: [{ name: 'valid\\.json\\.key.nested_key' }],
      payload: { 'valid.json.key': { nested_key: 1 } },
      data: { nested_key: 1 },
    },
    {
      what: 'with a field name of its own',
      fields: [{ name: 'user_data.name', fieldName: 'displayName' }],
      payload: { user_data: { name: 'Jean Valjean' } },
      data: { displayName: 'Jean Valjean' },
    },
    {
      what: 'mapped twice, to two names',
      fields: [{ name: 'a' }, { name: 'a', fieldName: 'b' }],
      payload: { a: 1 },
      data: { a: 1, b: 1 },
    },
    {
      what: 'that is an object or an array, whole',
      fields: [{ name: 'roles' }, { name: 'address' }],
      payload: { roles: ['a', { b: 1 }], address: { city: 'x' } },
      data: { roles: ['a', { b: 1 }], address: { city: 'x' } },
    },
    {
      what: 'that is false, 0 or empty, or null, which is as good as absent,',
      fields: [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }, { name: 'e' }],
      payload: { a: false, b: 0, c: null, d: '', e: [] },
      data: { a: false, b: 0, d: '', e: [] },
    },
    {
      what: 'that is false, 0 or empty, although required',
      fields: [
        { name: 'a', required: true },
        { name: 'b', required: true },
        { name: 'd', required: true },
        { name: 'e', required: true },
      ],
      payload: { a: false, b: 0, d: '', e: [] },
      data: { a: false, b: 0, d: '', e: [] },
    },
    {
      what: 'that is a registered one',
      fields: [{ name: 'sub', fieldName: 'subject' }, { name: 'aud' }],
      payload: {},
      data: { subject: '24601', aud: APP_ID },
    },
    { what: 'that is absent', fields: [{ name: 'name' }, { name: 'a.b.c' }], payload: {}, data: {} },
    { what: 'nobody asked for', fields: [], payload: { name: 'x' }, data: {} },
  ]
  for (const { what, fields, payload, data } of rows)
    test(`${what} gives ${JSON.stringify(data)}`, () => {
      assert.deepEqual(dataOf(fields, payload), data)
    })

  test('below something that is not an object is absent', () => {
    for (const outer of ['text', 5, true, null, ['x'], [{ inner: 1 }], []])
      assert.deepEqual(
        dataOf([{ name: 'outer.inner' }, { name: 'outer.length' }, { name: 'outer.0' }], { outer }),
        {},
      )
  })

  test('is an own key alone: what every object inherits is absent', () => {
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf']
    const fields = names.flatMap((name, index) => [
      { name, fieldName: `top${String(index)}` },
      { name: `user.${name}`, fieldName: `inner${String(index)}` },
      { name: `user.${name}.name`, fieldName: `deep${String(index)}` },
    ])
    assert.deepEqual(dataOf(fields, { user: {} }), {})
    for (const field of fields)
      assert.equal(refusalOf([{ ...field, required: true }], { user: {} }).code, 'METADATA_MISSING')
  })

  test('that bears such a name itself is read as any other', () => {
    assert.deepEqual(dataOf([{ name: 'constructor' }], { constructor: 'x' }), { constructor: 'x' })
    const fields = [{ name: '__proto__.name', fieldName: 'name' }]
    const { data } = verifierFor({ metadataFields: fields }).accept(raw('"__proto__":{"name":"x"}'))
    assert.deepEqual(data, { name: 'x' })
  })
})

test('a field that finds nothing for want of an escape is told to the log once', async (t) => {
  const name = 'https://x.example/roles'
  const metadataFields = [{ name, fieldName: 'roles' }, { name: 'https://x.example/id' }, { name: 'bio' }]
  const app = await startApp(t, { metadataFields })
  for (const sub of ['one', 'two']) await app.me(mint(claims({ sub, [name]: ['a'] })))
  const told = app.logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)
  const fix =
    "The dots of https://x.example/roles belong to the claim's name: write https://x\\.example/roles (in"
  assert.deepEqual(
    told.map((fields) => ({ ...fields, fix: String(fields.fix).slice(0, fix.length) })),
    [{ field: name, fix }],
  )
})

describe('a required claim', () => {
  const required = [{ name: 'user.name', fieldName: 'displayName', required: true }]
  for (const payload of [
    {},
    { user: {} },
    { user: { name: null } },
    { user: null },
    { user: 'x' },
    { user: [] },
    { 'user.name': 'x' },
  ])
    test(`is missing from ${JSON.stringify(payload)}`, () => {
      assert.deepEqual(refusalOf(required, payload), {
        code: 'METADATA_MISSING',
        reason: 'required metadata field "user.name" is missing',
      })
    })

  test('is missing only when it is required', () => {
    assert.deepEqual(dataOf([{ name: 'user.name', required: false }], {}), {})
  })

  test('is judged after the signature and the claims', () => {
    const { refuse } = verifierFor({ metadataFields: required })
    assert.equal(refuse(mint(claims({ exp: 5 }))).code, 'TOKEN_EXPIRED')
  })
})

describe('the type of a value', () => {
  const values: readonly [value: unknown, kind: string][] = [
    ['', 'string'],
    [0, 'number'],
    [false, 'boolean'],
    [[], 'an empty list'],
    [['a', 'b'], 'a list of string'],
    [['a', 1], 'a list of string and number'],
    [{}, 'object'],
  ]
  const types: readonly [type: string, called: string, takes: readonly number[]][] = [
    ['string', 'a string', [0]],
    ['number', 'a number', [1]],
    ['boolean', 'true or false', [2]],
    ['strings', 'a list of strings', [3, 4]],
    ['json', 'any value', [0, 1, 2, 3, 4, 5, 6]],
  ]
  for (const [type, called, takes] of types)
    test(`${type} is ${called}`, () => {
      const metadataFields = [{ name: 'a', type }]
      for (const [index, [value, kind]] of values.entries())
        if (takes.includes(index)) assert.deepEqual(dataOf(metadataFields, { a: value }), { a: value })
        else {
          const { code, message, detail } = verifierFor({ metadataFields }).refuse(mint(claims({ a: value })))
          assert.equal(code, 'METADATA_TYPE')
          assert.equal(message, `invalid custom auth token: metadata field "a" is not ${called}`)
          const { check, expected, got } = detail ?? {}
          assert.deepEqual([check, expected, got], ['a', `a: ${called}`, kind])
        }
    })

  test('is not asked of an absent value or null, which are missing when required', () => {
    for (const payload of [{}, { a: null }]) {
      assert.deepEqual(dataOf([{ name: 'a', type: 'string' }], payload), {})
      const required = [{ name: 'a', type: 'string', required: true }]
      assert.equal(refusalOf(required, payload).code, 'METADATA_MISSING')
    }
  })

  test('is not that of a number too large to be one', () => {
    const { refuse } = verifierFor({ metadataFields: [{ name: 'a', type: 'number' }] })
    assert.equal(refuse(raw('"a":1e999')).code, 'METADATA_TYPE')
  })
})

describe('the length of a value', () => {
  const fields = [{ name: 'user.bio', fieldName: 'bio' }]
  const room = { maxTokenLength: 100_000 }
  /** A string whose JSON, with its quotes, has so many characters. */
  const bio = (length: number) => ({ user: { bio: 'x'.repeat(length - 2) } })
  const tooLong = {
    code: 'METADATA_TOO_LONG',
    reason: 'metadata field "user.bio" is longer than 4096 characters',
  }

  test('is at most 4096 characters of JSON', () => {
    assert.deepEqual(dataOf(fields, bio(4096), room), bio(4096).user)
    assert.deepEqual(refusalOf(fields, bio(4097), room), tooLong)
  })

  test('is measured as JSON: quotes, escapes and structure count', () => {
    assert.deepEqual(refusalOf(fields, { user: { bio: '"'.repeat(2048) } }, room), tooLong)
    assert.deepEqual(refusalOf(fields, { user: { bio: Array(2048).fill(1) } }, room), tooLong)
    assert.deepEqual(dataOf(fields, { user: { bio: Array(2047).fill(1) } }, room), {
      bio: Array(2047).fill(1),
    })
  })

  test('does not matter for a value nested so deep that no answer could hold it: it is refused', () => {
    const options = { metadataFields: fields, maxTokenLength: 200_000, maxFieldLength: 1_000_000 }
    const verifier = verifierFor(options)
    const nested = (levels: number) => raw(`"user":{"bio":${'['.repeat(levels)}${']'.repeat(levels)}}`)
    assert.match(JSON.stringify(verifier.accept(nested(2048)).data), /^{"bio":\[{2048}\]{2048}}$/)
    for (const levels of [2049, 4000]) {
      const { code, message } = verifier.refuse(nested(levels))
      assert.equal(code, 'METADATA_TOO_LONG')
      assert.match(message, /metadata field "user\.bio" is nested too deep$/)
    }
    assert.equal(verifier.refuse(nested(70_000)).code, 'TOKEN_MALFORMED')
  })

  test('follows maxFieldLength, both ways', () => {
    assert.deepEqual(dataOf(fields, bio(5000), { ...room, maxFieldLength: 5000 }), bio(5000).user)
    assert.equal(
      refusalOf(fields, bio(101), { maxFieldLength: 100 }).reason,
      'metadata field "user.bio" is longer than 100 characters',
    )
  })

  test('matters only for mapped claims', () => {
    assert.deepEqual(dataOf(fields, { other: 'x'.repeat(5000) }, room), {})
  })
})

describe('a key __proto__ inside a value', () => {
  const { accept, refuse } = verifierFor({ metadataFields: [{ name: 'user' }] })

  for (const more of [
    '"user":{"__proto__":{"admin":true}}',
    '"user":[{"a":{"__proto__":1}}]',
    '"user":{"\\u005f_proto__":1}',
    '"user":{"__proto__" : null}',
  ])
    test(`${more} is refused`, () => {
      const { code, message } = refuse(raw(more))
      assert.equal(code, 'METADATA_INVALID')
      assert.equal(
        message,
        'invalid custom auth token: metadata field "user" has the forbidden key "__proto__"',
      )
    })

  for (const user of [
    '__proto__',
    '"__proto__":',
    ['__proto__'],
    { a: '__proto__' },
    { ___proto__: 1 },
    { '"__proto__"': 1 },
  ])
    test(`${JSON.stringify(user)} is no such key`, () => {
      assert.deepEqual(accept(mint(claims({ user }))).data, { user })
    })
})

describe('the name of a field', () => {
  test('may have 63 characters', () => {
    const fieldName = 'x'.repeat(63)
    assert.deepEqual(dataOf([{ name: 'a', fieldName }], { a: 1 }), { [fieldName]: 1 })
    assert.deepEqual(dataOf([{ name: `user.${fieldName}` }], { user: { [fieldName]: 1 } }), {
      [fieldName]: 1,
    })
  })

  test('may be one that objects inherit: it is an own key of the data', () => {
    const fields = ['constructor', 'toString', 'hasOwnProperty'].map((fieldName) => ({
      name: 'a',
      fieldName,
    }))
    const { data } = verifierFor({ metadataFields: fields }).accept(mint(claims({ a: 'x' })))
    assert.deepEqual(Object.keys(data), ['constructor', 'toString', 'hasOwnProperty'])
    assert.equal(Object.getPrototypeOf(data), Object.prototype)
  })
})
