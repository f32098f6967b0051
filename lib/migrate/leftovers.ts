import { secretOf } from './data-api.js'
import type { ExportedApp, ExportedFile } from './exported-app.js'
import { isBag, reportUnknown, type Bag, type Report } from './report.js'

/** What does the work of the other providers now. All of them end at the same place: a token of the issuer's. */
const OTHER_PROVIDERS: Readonly<Record<string, string>> = {
  'anon-user': 'Let your issuer give guests a token with a random sub, or set credentialsRequired: false',
  'api-key': 'Let your issuer give each program a token of its own',
  'local-userpass': 'Let an issuer keep the passwords (see the presets in docs/issuers.md)',
  'custom-function': 'Let the function answer with a token: npx custom-jwt-auth token shows its making',
}
const OTHER_PROVIDER = 'Let your issuer offer this log-in (see the presets in docs/issuers.md)'

/** Folders of an exported app that say nothing about signing in. */
const FOLDERS: Readonly<Record<string, string>> = {
  data_sources: 'Connect to the database with its driver; examples/data-api has rules of this kind',
  environments: 'Use environment variables',
  functions: 'Make each function a module or a route of your app',
  graphql: 'Start from examples/graphql',
  http_endpoints: 'Make each endpoint a route of your app',
  https_endpoints: 'Make each endpoint a route of your app',
  hosting: 'Serve the files with express.static, or from any web server',
  log_forwarders: 'Pass a logger to customJwtAuth',
  services: 'Connect with the client of each service; write incoming webhooks as routes',
  sync: 'There is no Device Sync here: clients call routes of your app',
  triggers: 'Use change streams of the database, or a scheduler',
  values: 'Use constants or environment variables',
}

/** Where the service ran, and which file this is. */
const NEUTRAL_SETTINGS = [
  'app_id',
  'config_version',
  'name',
  'location',
  'provider_region',
  'deployment_model',
  'environment',
]

/**
 * Reports the parts of an exported app that do not become options.
 * @param createsUsers whether requests create users, and not log-ins alone
 */
export function reportLeftovers(app: ExportedApp, createsUsers: boolean, report: Report): void {
  if (isBag(app.settings?.content)) reportSettings(app.settings.name, app.settings.content, report)
  if (isBag(app.providers.content)) reportProviders(app.providers.name, app.providers.content, report)
  if (isBag(app.customUserData?.content))
    reportCustomUserData(app.customUserData.name, app.customUserData.content, createsUsers, report)
  if (app.endpoints) reportEndpoints(app.endpoints, report)
  for (const [folder, count] of app.folders) {
    const fix = FOLDERS[folder]
    if (fix !== undefined && count > 0)
      report(`${folder}/`, `is not about signing in (${count === 1 ? '1 file' : `${count} files`})`, fix)
  }
}

function reportSettings(name: string, settings: Bag, report: Report): void {
  const { allowed_request_origins: origins } = settings
  if (Array.isArray(origins) && origins.length > 0)
    report(
      `${name}: allowed_request_origins`,
      `lets pages of ${origins.join(', ')} send requests`,
      'Answer CORS requests as examples/browser/cors.ts does',
    )
  reportUnknown(`${name}: `, settings, [...NEUTRAL_SETTINGS, 'allowed_request_origins'], report)
}

function reportProviders(name: string, providers: Bag, report: Report): void {
  for (const [provider, value] of Object.entries(providers)) {
    if (provider === 'custom-token' || !isBag(value) || value.disabled === true) continue
    report(
      `${name}: ${provider}`,
      'is enabled, and no provider of this package',
      OTHER_PROVIDERS[provider] ?? OTHER_PROVIDER,
    )
  }
}

function reportCustomUserData(name: string, given: Bag, createsUsers: boolean, report: Report): void {
  const { enabled, database_name, collection_name, user_id_field, on_user_creation_function_name } = given
  if (enabled === true) {
    const [database, collection, field] = [database_name, collection_name, user_id_field].map(String)
    report(
      `${name}: enabled`,
      'reads custom data from a collection',
      `Pass customData: (userId) => client.db('${database ?? ''}').collection('${collection ?? ''}')` +
        `.findOne({ '${field ?? ''}': userId })`,
    )
  }
  if (typeof on_user_creation_function_name === 'string' && on_user_creation_function_name !== '')
    report(
      `${name}: on_user_creation_function_name`,
      'names a function of the old service',
      `Pass what functions/${on_user_creation_function_name}.js does as autoCreateUser: async (user) => { … }` +
        (createsUsers
          ? ''
          : '; routes then create users too, unless a second guard on the same store protects them'),
    )
  const known = ['enabled', 'mongo_service_name', 'database_name', 'collection_name', 'user_id_field']
  reportUnknown(`${name}: `, given, [...known, 'on_user_creation_function_name'], report)
}

function reportEndpoints({ name, content }: ExportedFile, report: Report): void {
  const endpoints: readonly unknown[] = Array.isArray(content) ? content : []
  for (const endpoint of endpoints) {
    if (!isBag(endpoint) || endpoint.disabled === true) continue
    const { http_method, route, function_name, create_user_on_auth } = endpoint
    const secret = secretOf(endpoint)
    const guard = create_user_on_auth === true ? ' behind a guard with autoCreateUser: true' : ''
    report(
      `${name}: ${String(http_method)} ${String(route)}`,
      `runs the function ${String(function_name)}${secret === undefined ? '' : `, for ${secret}`}`,
      `Write a route of your app${guard}`,
    )
  }
}
