import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { describe, test } from 'node:test'
import { customJwtAuth, errorHandler, fromProvidersJson } from 'custom-jwt-auth'
import express from 'express'
import { listen } from '../support/server.js'
import { APP_ID, mint, NOW, SESSION_SECRET } from '../support/tokens.js'
import { itemsOf, providers, settings } from './exported-providers.js'

describe('the data API configuration', () => {
  const withDataApi = (dataApiConfig: object) =>
    fromProvidersJson(providers(), { ...settings, dataApiConfig })

  test('says whether requests create users, false by default', () => {
    assert.equal(withDataApi({ create_user_on_auth: true }).options.autoCreateUser, true)
    assert.equal(withDataApi({}).options.autoCreateUser, false)
  })

  test('is about endpoints: a login creates the user in any case', async (t) => {
    const { options } = withDataApi({ create_user_on_auth: false })
    const auth = customJwtAuth({
      ...options,
      session: { signingKeys: [SESSION_SECRET] },
      clock: () => NOW * 1000,
    })
    const server = await listen(express().use(auth.sessionRoutes(), auth, errorHandler()) as RequestListener)
    t.after(() => server.close())
    const ask = async (path: string, init: RequestInit) => {
      const answer = await fetch(server.url + path, init)
      return [answer.status, ((await answer.json()) as { error?: string }).error]
    }
    const token = mint()
    const body = JSON.stringify({ token })
    const login = `/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`
    const atEndpoint = await ask('/', { headers: { jwtTokenString: token } })
    assert.deepEqual(atEndpoint, [401, 'invalid session: error finding user for endpoint'])
    const headers = { 'content-type': 'application/json' }
    assert.deepEqual(await ask(login, { method: 'POST', headers, body }), [200, undefined])
  })

  test('that was off creates nobody, and is reported', () => {
    const { options, notCarriedOver } = withDataApi({ create_user_on_auth: true, disabled: true })
    assert.equal(options.autoCreateUser, false)
    assert.match(notCarriedOver[0]?.reason ?? '', /off, so that create_user_on_auth had no effect/)
  })

  test('has its other settings reported, unless they are empty', () => {
    const carried = withDataApi({ run_as_user_id: '', can_evaluate: {}, leeway: 5 })
    assert.deepEqual(itemsOf(carried), ['dataApiConfig: leeway'])
  })

  test('that had requests act as others, or asked for more than a user, is reported', () => {
    const { notCarriedOver } = withDataApi({
      ...{ run_as_system: true, run_as_user_id: '648725089edf9286a5e92d51' },
      ...{ can_evaluate: { '%%request.remoteIPAddress': '127.0.0.1' } },
      ...{ validation_method: 'VERIFY_PAYLOAD', secret_name: 'payloadKey' },
    })
    assert.deepEqual(
      notCarriedOver.slice(0, 4).map(({ item, reason }) => [item, reason]),
      [
        ['dataApiConfig: run_as_system', 'had requests act as someone other than their user'],
        ['dataApiConfig: run_as_user_id', 'had requests act as someone other than their user'],
        ['dataApiConfig: can_evaluate', 'limited who may send requests'],
        [
          'dataApiConfig: validation_method',
          'let in only requests with the secret "payloadKey" (VERIFY_PAYLOAD)',
        ],
      ],
    )
  })
})
