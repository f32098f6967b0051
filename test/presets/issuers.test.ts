// Tokens shaped like each issuer's real ones, through a listening app, with the preset as it is: only the keys are
// served by this machine.
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, describe, test, type TestContext } from 'node:test'
import { issuers } from 'custom-jwt-auth'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { startApp, type Options, type TestApp } from '../support/app.js'
import { listen } from '../support/server.js'
import { mint, NOW } from '../support/tokens.js'
import { rows, type Row } from './rows.js'

/** Where a row's keys are published, and how they sign. */
interface Signer {
  readonly options: Options
  readonly sign: (header: object, claims: object) => string
}

const rsa = await createTestIssuer({ clock: () => NOW * 1000 })
const ec = { ES256: await ecIssuer('ES256', 'P-256'), ES384: await ecIssuer('ES384', 'P-384') }
after(async () => {
  await Promise.all([rsa, ec.ES256.server, ec.ES384.server].map((server) => server.close()))
})

/** A key set of one elliptic key, which the test issuer does not have. */
async function ecIssuer(alg: 'ES256' | 'ES384', namedCurve: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
  const server = await listen((_req, res) => {
    res.end(JSON.stringify({ ...publicKey.export({ format: 'jwk' }), kid: 'ec', use: 'sig', alg }))
  })
  const signer: Signer = {
    options: { jwkUri: server.url },
    sign(header, claims) {
      const parts = [{ alg, typ: 'JWT', kid: 'ec', ...header }, claims]
      const content = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
      return `${content}.${sign(`sha${alg.slice(2)}`, Buffer.from(content), key).toString('base64url')}`
    },
  }
  return { server, signer }
}

function signerOf({ keys }: Row): Signer {
  if (keys === 'RS256')
    return {
      options: { jwkUri: rsa.jwkUri },
      sign: (header, claims) => rsa.mint({ ...claims }, { header: { ...header } }),
    }
  if (keys === 'ES256' || keys === 'ES384') return ec[keys].signer
  return { options: {}, sign: (header, claims) => mint(claims, { header, key: keys.key }) }
}

const start = (t: TestContext, ...options: object[]): Promise<TestApp> =>
  startApp(t, withoutDiscovery(Object.assign({}, ...options) as Options))

/** What discovers its keys is told where they are, as the row says. */
const withoutDiscovery = ({ discover, ...options }: Options): Options =>
  ({ ...(discover !== undefined && { issuer: discover }), ...options }) as Options

for (const row of rows)
  describe(row.name, () => {
    const { preset, header = {}, claims, subject, data = {}, accepted = [], mistakes } = row
    const signer = signerOf(row)

    test('a token like the real ones is accepted', async (t) => {
      const app = await start(t, preset, signer.options)
      const { status, body, text } = await app.me(signer.sign(header, claims))
      assert.equal(status, 200, text)
      assert.deepEqual(body.identities, [{ id: subject, provider_type: 'custom-token', data }])
      assert.deepEqual(body.data, data)
    })

    for (const { what, ...change } of accepted)
      test(`${what} is accepted`, async (t) => {
        const app = await start(t, preset, signer.options)
        const token = signer.sign({ ...header, ...change.header }, { ...claims, ...change.claims })
        const { status, text } = await app.me(token)
        assert.equal(status, 200, text)
      })

    for (const { what, options = {}, code, says, ...change } of mistakes)
      test(`${what} is refused: ${code}`, async (t) => {
        const app = await start(t, preset, signer.options, options)
        const token =
          change.token ?? signer.sign({ ...header, ...change.header }, { ...claims, ...change.claims })
        const { status, body } = await app.me(token)
        assert.equal(status, 401)
        assert.equal(body.error_code, 'AuthError')
        assert.equal(app.lastCode(), code)
        const { ok, checks } = await app.auth.explain(token)
        assert.equal(ok, false)
        const said = checks
          .filter(({ pass }) => pass === false)
          .map(({ name, expected, got, fix = '' }) => `${name}: expected ${expected}, got ${got}. ${fix}`)
        assert.match(said.join('\n'), says)
      })
  })

test('every preset has a row', () => {
  const named = new Set(rows.map(({ name }) => name.split(',')[0]))
  assert.deepEqual([...named].sort(), Object.keys(issuers).sort())
})
