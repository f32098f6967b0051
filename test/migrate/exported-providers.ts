// What App Services exported of its providers.
import { fileURLToPath } from 'node:url'
import { OTHER_SECRET, SECRET } from '../support/tokens.js'

/** A complete exported app, and its secrets. */
export const FOLDER = fileURLToPath(new URL('../fixtures/exported-app', import.meta.url))
export const secrets = { 'jwt-signing-key': SECRET, JWT_SIGNING_KEY_2023: OTHER_SECRET }

/** A providers.json with one provider; give what a test wants otherwise. */
export function providers(config: object = {}, others: object = {}): object {
  return {
    'custom-token': {
      name: 'custom-token',
      type: 'custom-token',
      disabled: false,
      config: { audience: [], signingAlgorithm: 'HS256', useJWKURI: false, ...config },
      secret_config: { signingKeys: ['key'] },
      metadata_fields: [],
      ...others,
    },
  }
}

/** What goes with {@link providers}. */
export const settings = { appId: 'myapp-abcde', secrets: { key: SECRET } }
