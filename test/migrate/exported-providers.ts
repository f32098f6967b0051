// What App Services exported of its providers.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CarriedOver } from 'custom-jwt-auth'
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

/** What is left to decide about an export, without what is said of every one. */
export const itemsOf = ({ notCarriedOver }: CarriedOver): string[] =>
  notCarriedOver.map(({ item }) => item).filter((item) => item !== 'maxTokenLength')

/** Files by their paths: texts as they are, everything else as JSON. */
export type Files = Readonly<Record<string, unknown>>

/** Writes an exported app, which is removed after the test file, and returns its folder. */
export function writeApp(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'exported-app-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2))
  }
  return folder
}

/** The keys of a provider, as each exporter wrote them. */
export interface ExportedKeys {
  readonly config: object
  /** The names of secrets. */
  readonly names: readonly string[]
}

/** A layout of exported folders: the files of an app with these keys, and which of them has the provider. */
interface Layout {
  readonly name: string
  readonly file: string
  readonly files: (appId: string, keys: ExportedKeys) => Files
}

const provider = (config: object, secret_config: object) => ({
  ...{ id: '5f0f3c1d2b8a4c0017f9a111', name: 'custom-token', type: 'custom-token' },
  ...{ config, secret_config, disabled: false },
})
const anonymous = { id: '5f0f3c1d2b8a4c0017f9a112', name: 'anon-user', type: 'anon-user', disabled: true }
const place = { name: 'myapp', location: 'US-VA', deployment_model: 'GLOBAL' }
const newer = ({ config, names: signingKeys }: ExportedKeys) => ({
  'auth/providers.json': {
    'anon-user': anonymous,
    'custom-token': provider({ audience: [], ...config }, { signingKeys }),
  },
  'auth/custom_user_data.json': { enabled: false },
})
const older = ({ config, names: signingKeys }: ExportedKeys) => ({
  'auth_providers/anon-user.json': anonymous,
  'auth_providers/custom-token.json': provider({ audience: '', ...config }, { signingKeys }),
})
const formerSettings = { security: {}, custom_user_data_config: { enabled: false } }

/** Every layout that PROTOCOL §6 knows. */
export const LAYOUTS: readonly Layout[] = [
  {
    name: '20230101, with the App ID in .mdb/meta.json',
    file: 'auth/providers.json',
    files: (client_app_id, keys) => ({
      'root_config.json': { ...place, provider_region: 'aws-us-east-1' },
      '.mdb/meta.json': { config_version: 20230101, app_id: '66a7e6d17fdcb97ece6ebde5', client_app_id },
      ...newer(keys),
    }),
  },
  {
    name: '20210101',
    file: 'auth/providers.json',
    files: (app_id, keys) => ({
      'realm_config.json': { app_id, config_version: 20210101, ...place },
      ...newer(keys),
    }),
  },
  {
    name: '20200603',
    file: 'auth_providers/custom-token.json',
    files: (app_id, keys) => ({
      'config.json': {
        ...{ app_id, config_version: 20200603, ...place, ...formerSettings },
        ...{ hosting: { enabled: false }, sync: { development_mode_enabled: false } },
      },
      ...older(keys),
    }),
  },
  {
    name: '20180301, with custom user data',
    file: 'auth_providers/custom-token.json',
    files: (app_id, keys) => ({
      'config.json': { app_id, config_version: 20180301, ...place, ...formerSettings },
      ...older(keys),
    }),
  },
  {
    name: '20180301, of Stitch, with one key',
    file: 'auth_providers/custom-token.json',
    files: (app_id, { config, names: [signingKey] }) => ({
      'stitch.json': { app_id, config_version: 20180301, ...place, security: {} },
      'auth_providers/custom-token.json': provider(
        { audience: '', ...config },
        signingKey === undefined ? {} : { signingKey },
      ),
    }),
  },
]
