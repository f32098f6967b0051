import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { APP_ID, claims, mint } from '../support/tokens.js'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = ''] = readBlocks('graphql', 'sh')
const [, SIGNING_KEY = ''] = /SIGNING_KEY=(\S+)/.exec(start) ?? []
const [inserted, listed, refused] = readBlocks('graphql', 'json').map((json): unknown => JSON.parse(json))

async function startGraphql(t: TestContext): Promise<string> {
  const [, port = ''] = await startExample(t, start).printed(/Listening on .* port: (\d+)/)
  return `http://127.0.0.1:${port}`
}

function tokenFor(sub: string): string {
  const now = Math.floor(Date.now() / 1000)
  return mint(claims({ sub, iat: now, exp: now + 600 }), { key: SIGNING_KEY })
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | { query: string; variables?: object }
}

async function post(url: string, { headers, body }: Sent) {
  const answer = await fetch(`${url}/api/client/v2.0/app/${APP_ID}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as { data?: unknown; errors?: unknown[] } }
}

/** The document's answer, with any id. */
const withoutId = (text: string): unknown => JSON.parse(text.replace(/[0-9a-f]{24}/, 'id'))

test("the request of the original's guide is answered as there", async (t) => {
  const url = await startGraphql(t)
  const script = tryIt.replaceAll('http://localhost:3000', url).replaceAll(/^curl /gm, 'echo; curl --silent ')
  const [, insertion = '', listing = ''] = (await runShell(script)).split('\n')
  assert.deepEqual(JSON.parse(insertion), inserted)
  assert.match(listing, /"_id":"[0-9a-f]{24}"/)
  assert.deepEqual(withoutId(listing), withoutId(JSON.stringify(listed)))
})

test('the GraphQL endpoint', async (t) => {
  const url = await startGraphql(t)
  const alice = { jwtTokenString: tokenFor('Alice') }
  const bob = { jwtTokenString: tokenFor('Bob') }
  const ask = (headers: Record<string, string>, query: string, variables = {}) =>
    post(url, { headers, body: { query, variables } })
  const INSERT =
    'mutation ($data: ListingsAndReviewInsertInput!) { insertOneListingsAndReview(data: $data) { _id } }'
  const insertion = await ask(alice, INSERT, { data: { name: 'A loft', summary: 'With a view' } })
  const { insertOneListingsAndReview } = insertion.body.data as {
    insertOneListingsAndReview: { _id: string }
  }
  const { _id } = insertOneListingsAndReview

  await t.test('shows and deletes nobody the listings of others', async () => {
    const LIST =
      'query ($q: ListingsAndReviewQueryInput) { listingsAndReviews(query: $q) { _id name summary } }'
    const ONE = 'query ($q: ListingsAndReviewQueryInput) { listingsAndReview(query: $q) { name } }'
    const DELETE =
      'mutation ($q: ListingsAndReviewQueryInput!) { deleteOneListingsAndReview(query: $q) { name } }'
    for (const q of [{}, { _id }, { name: 'A loft' }, { _id, name: 'A loft' }]) {
      assert.deepEqual((await ask(bob, LIST, { q })).body, { data: { listingsAndReviews: [] } })
      assert.deepEqual((await ask(bob, ONE, { q })).body, { data: { listingsAndReview: null } })
      assert.deepEqual((await ask(bob, DELETE, { q })).body, { data: { deleteOneListingsAndReview: null } })
    }
    const own = { _id, name: 'A loft', summary: 'With a view' }
    assert.deepEqual((await ask(alice, LIST)).body, { data: { listingsAndReviews: [own] } })
    assert.deepEqual((await ask(alice, ONE, { q: { name: 'A hut' } })).body, {
      data: { listingsAndReview: null },
    })
  })

  await t.test('knows a user with a bearer session as the same', async () => {
    const login = await fetch(`${url}/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: alice.jwtTokenString }),
    })
    const { access_token } = (await login.json()) as { access_token: string }
    const headers = { authorization: `Bearer ${access_token}` }
    assert.deepEqual(await ask(headers, '{ listingsAndReview { _id } }'), {
      status: 200,
      body: { data: { listingsAndReview: { _id } } },
    })
  })

  await t.test('answers queries by GET, and no mutation', async () => {
    const get = async (query: string, headers: Record<string, string> = alice) => {
      const search = new URLSearchParams({ query }).toString()
      const answer = await fetch(`${url}/api/client/v2.0/app/${APP_ID}/graphql?${search}`, { headers })
      return { status: answer.status, body: (await answer.json()) as { data?: unknown } }
    }
    assert.deepEqual(await get('{ listingsAndReview { _id } }'), {
      status: 200,
      body: { data: { listingsAndReview: { _id } } },
    })
    assert.equal((await get('mutation { deleteOneListingsAndReview(query: {}) { _id } }')).status, 405)
    assert.equal((await get('{ listingsAndReview { _id } }', {})).status, 401)
  })

  await t.test("refuses in the original's words who brings no good token", async () => {
    const body = { query: '{ listingsAndReview { _id } }' }
    assert.deepEqual(await post(url, { body }), { status: 401, body: refused })
    const stranger = mint(claims(), { key: 'another secret, of 32 characters' })
    assert.deepEqual(await post(url, { body, headers: { jwtTokenString: stranger } }), {
      status: 401,
      body: { error: 'invalid custom auth token: signature is invalid', error_code: 'AuthError', link: '' },
    })
  })

  const wrong: readonly (readonly [string, Sent['body'], number, RegExp])[] = [
    ['no JSON', '{', 400, /JSON/],
    // GraphQL over HTTP: a request that was understood as one has status 200.
    ['a query without grammar', { query: '{' }, 200, /Syntax Error/],
    ['an unknown field', { query: '{ listingsAndReview { owner } }' }, 200, /Cannot query field/],
    ['no query', '{}', 400, /Missing query/],
    ['a body too large', { query: ' '.repeat(110_000) }, 413, /too large/],
  ]
  for (const [what, body, status, message] of wrong)
    await t.test(`answers ${what} with ${status} and what is wrong`, async () => {
      const answer = await post(url, { headers: alice, body })
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      assert.match((answer.body.errors?.[0] as { message: string }).message, message)
    })
})
