// One user signs in with Google and with Apple: two issuers over loopback, and the public client of the original service.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { App, Credentials, getEnvironment } from 'realm-web'
import { PROFILE, startApp, type Options } from '../support/app.js'
import { testClock } from '../support/clock.js'
import { APP_ID } from '../support/tokens.js'

async function startWithTwoIssuers(t: TestContext) {
  const clock = testClock()
  const [google, apple] = [await createTestIssuer({ clock }), await createTestIssuer({ clock })]
  t.after(() => Promise.all([google.close(), apple.close()]))
  const provider = ({ issuer, jwkUri }: typeof google, claim: string) => ({
    ...{ issuer, jwkUri, audience: `${claim} client` },
    metadataFields: [{ name: claim }],
  })
  const providers = { google: provider(google, 'name'), apple: provider(apple, 'email') }
  const service = await startApp(t, { providers, clock } as unknown as Options)
  // A device of its own.
  const storage = getEnvironment().defaultStorage.prefix(service.url)
  const client = new App({ id: APP_ID, baseUrl: service.url, storage })
  const credentials = {
    google: (sub: string) => Credentials.jwt(google.mint({ sub, aud: 'name client', name: 'Jean Valjean' })),
    apple: (sub: string) => Credentials.jwt(apple.mint({ sub, aud: 'email client', email: 'jean@digne' })),
  }
  return { ...service, client, credentials }
}

for (const [what, ofGoogle, ofApple] of [
  ['subjects of their own', '24601', '9430'],
  ['equal subjects', '24601', '24601'],
] as const)
  test(`realm-web signs one user in with Google and Apple by linking, with ${what}`, async (t) => {
    const { auth, bearer, client, credentials } = await startWithTwoIssuers(t)
    const withGoogle = () => client.logIn(credentials.google(ofGoogle))
    const withApple = () => client.logIn(credentials.apple(ofApple))

    const user = await withGoogle()
    assert.deepEqual(user.profile, { name: 'Jean Valjean' })
    await user.linkCredentials(credentials.apple(ofApple))
    assert.deepEqual(user.profile, { name: 'Jean Valjean', email: 'jean@digne' })
    assert.deepEqual(user.identities, [
      { id: ofGoogle, providerType: 'custom-token' },
      { id: ofApple, providerType: 'custom-token' },
    ])
    // What realm-web leaves out.
    const { body } = await bearer('GET', PROFILE, user.accessToken ?? '')
    assert.deepEqual(body.identities, [
      { id: ofGoogle, provider_type: 'custom-token', provider_id: 'google', data: { name: 'Jean Valjean' } },
      { id: ofApple, provider_type: 'custom-token', provider_id: 'apple', data: { email: 'jean@digne' } },
    ])

    await user.logOut()
    for (const logIn of [withApple, withGoogle]) assert.equal((await logIn()).id, user.id)
    assert.equal((await auth.users.list()).users.length, 1)

    // Two again: the session that began with Apple ends, and whoever comes with it next is somebody else.
    const session = await withApple()
    assert.equal(await auth.users.unlink(user.id, { provider: 'apple', subject: ofApple }), true)
    await assert.rejects(session.refreshProfile(), { errorCode: 'InvalidSession' })
    assert.equal((await withGoogle()).id, user.id)
    assert.notEqual((await withApple()).id, user.id)
    await user.refreshProfile()
    assert.deepEqual(user.identities, [{ id: ofGoogle, providerType: 'custom-token' }])
    await assert.rejects(user.linkCredentials(credentials.apple(ofApple)), { statusCode: 409 })
  })
