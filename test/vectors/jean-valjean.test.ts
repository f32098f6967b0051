// The payload that source documents 001 and 004 show, and the user object that they say it gives.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { mint } from '../support/tokens.js'

const payload = {
  aud: 'myapp-abcde',
  exp: 1516239022,
  sub: '24601',
  user_data: {
    name: 'Jean Valjean',
    aliases: ['Monsieur Madeleine', 'Ultime Fauchelevent', 'Urbain Fabre'],
  },
}

const documented = {
  id: '59fdd02846244cdse5369ebf',
  type: 'normal',
  data: {
    name: 'Jean Valjean',
    aliases: ['Monsieur Madeleine', 'Ultime Fauchelevent', 'Urbain Fabre'],
  },
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
}

const mappings = [
  {
    what: 'field names that are written down',
    metadataFields: [
      { name: 'user_data.name', fieldName: 'name', required: true },
      { name: 'user_data.aliases', fieldName: 'aliases' },
    ],
  },
  {
    what: 'field names that default to the last part of the path',
    metadataFields: [{ name: 'user_data.name', required: true }, { name: 'user_data.aliases' }],
  },
]

for (const { what, metadataFields } of mappings) {
  test(`the documented payload gives the documented user, with ${what}`, async (t) => {
    const app = await startApp(t, { metadataFields, clock: () => (payload.exp - 1) * 1000 })
    const { status, body } = await app.me(mint(payload))
    assert.equal(status, 200)
    assert.match(String(body.id), /^[0-9a-f]{24}$/)
    // Besides the id, only custom_data differs: PROTOCOL §3 has it, the documents omit it.
    assert.deepEqual(body, { ...documented, id: body.id, custom_data: {} })
  })
}
