import { apple } from './apple.js'
import { auth0 } from './auth0.js'
import { authentik } from './authentik.js'
import { clerk } from './clerk.js'
import { cloudflareAccess } from './cloudflare-access.js'
import { cognito } from './cognito.js'
import { entra } from './entra.js'
import { firebase } from './firebase.js'
import { google } from './google.js'
import { keycloak } from './keycloak.js'
import { kinde } from './kinde.js'
import { logto } from './logto.js'
import { oidc } from './oidc.js'
import { okta } from './okta.js'
import { realmObjectServer } from './realm-object-server.js'
import { supabase } from './supabase.js'
import { workos } from './workos.js'
import { zitadel } from './zitadel.js'

/**
 * Options to spread for well-known issuers: each preset knows where its issuer's keys are, and what is in the header
 * and claims of its tokens. Options that follow in the object override those of the preset. See docs/issuers.md.
 * @example
 * const auth = customJwtAuth({
 *   appId: 'myapp-abcde',
 *   ...issuers.auth0({ domain: 'my-tenant.eu.auth0.com', audience: 'https://api.example.com' }),
 * })
 */
export const issuers = {
  apple,
  auth0,
  authentik,
  clerk,
  cloudflareAccess,
  cognito,
  entra,
  firebase,
  google,
  keycloak,
  kinde,
  logto,
  oidc,
  okta,
  realmObjectServer,
  supabase,
  workos,
  zitadel,
} as const
