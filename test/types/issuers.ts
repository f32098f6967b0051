// Issuers as options. The first half is the code of docs/issuers.md, as it stands there: a test compares them.
// Compiled, never run.
import type { Express } from 'express'
import {
  customJwtAuth,
  issuers,
  type FindProvider,
  type JsonValue,
  type NamedProviders,
  type UserOf,
} from 'custom-jwt-auth'
import type { Equal } from './equal.js'

export function introduction() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.auth0({ domain: 'my-tenant.eu.auth0.com', audience: 'https://api.example.com' }),
    autoCreateUser: true,
  })
  return auth
}

export function addition() {
  const preset = issuers.firebase({ projectId: 'my-project-1a2b3' })
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...preset,
    jwks: { timeoutSeconds: 3 },
    metadataFields: [...preset.metadataFields, { name: 'picture' }],
  })
  return auth
}

export function severalIssuers() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    providers: {
      people: issuers.firebase({ projectId: 'my-project-1a2b3' }),
      partner: {
        issuer: 'https://partner.example',
        jwkUri: 'https://partner.example/jwks.json',
        audience: 'orders',
      },
    },
    autoCreateUser: true,
  })
  return auth
}

export function oidc() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.oidc({ issuer: 'https://issuer.example', audience: 'https://api.example.com' }),
    autoCreateUser: true,
  })
  return auth
}

export function apple() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.apple({ clientId: ['com.example.app', 'com.example.web'] }),
  })
  return auth
}

export function workos() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.workos({ clientId: 'client_01HXYZABCDEF' }),
  })
  return auth
}

export function kinde() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.kinde({ domain: 'my-business.kinde.com', clientId: 'dee7f3c57b3c47e8b96edde2c7ecab7d' }),
  })
  return auth
}

export function logto() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.logto({ endpoint: 'https://my-tenant.logto.app', audience: 'https://api.example.com' }),
  })
  return auth
}

export function zitadel() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.zitadel({
      url: 'https://my-instance-abcdef.zitadel.cloud',
      projectId: '225588557891149953',
    }),
  })
  return auth
}

export function authentik() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.authentik({ url: 'https://auth.example.com', slug: 'my-app', clientId: 'RkB3k9cZ1x2v' }),
  })
  return auth
}

export function cloudflareAccess() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.cloudflareAccess({
      teamDomain: 'my-team.cloudflareaccess.com',
      audience: '4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2',
    }),
  })
  return auth
}

export function cloudflareHeader(app: Express) {
  app.use((req, _res, next) => {
    const token = req.headers['cf-access-jwt-assertion']
    if (token !== undefined) req.headers['jwttokenstring'] = token
    next()
  })
}

export function auth0() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.auth0({ domain: 'my-tenant.eu.auth0.com', audience: 'https://api.example.com' }),
  })
  return auth
}

export function okta() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.okta({
      domain: 'my-org.okta.com',
      authorizationServerId: 'aus9o8wzkhckw9TLa0h7',
      audience: 'myapp-abcde',
    }),
  })
  return auth
}

export function firebase() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.firebase({ projectId: 'my-project-1a2b3' }),
  })
  return auth
}

export function cognito() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.cognito({
      userPoolId: 'eu-west-1_AbCdEf123',
      clientId: '1example23456789',
      tokenUse: 'access',
    }),
  })
  return auth
}

export function entra() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.entra({
      tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      audience: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      clientId: '75dbe77f-10a3-4e59-85fd-8c127544f17c',
    }),
  })
  return auth
}

export function google() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.google({
      clientId: '1234567890-abc123def456.apps.googleusercontent.com',
      hostedDomain: 'example.com',
    }),
  })
  return auth
}

export function keycloak() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.keycloak({
      url: 'https://sso.example.com',
      realm: 'my-realm',
      clientId: 'my-spa',
    }),
  })
  return auth
}

export function clerk() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.clerk({
      frontendApiUrl: 'https://clerk.example.com',
      authorizedParties: ['https://example.com', 'https://www.example.com'],
    }),
  })
  return auth
}

export function supabase() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.supabase({ url: 'https://abcdefghijklmnopqrst.supabase.co' }),
  })
  return auth
}

export function supabaseWithSecret() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.supabase({
      url: 'https://abcdefghijklmnopqrst.supabase.co',
      jwtSecret: process.env.SUPABASE_JWT_SECRET,
    }),
  })
  return auth
}

export function realmObjectServer() {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    ...issuers.realmObjectServer({ publicKey: process.env.JWT_PUBLIC_KEY }),
  })
  return auth
}

// The fields of a preset become those of the user.
type DataOfGuard<Make extends () => unknown> = UserOf<ReturnType<Make>>['data']

interface FirebaseData {
  readonly emails?: JsonValue
  readonly signInProvider?: JsonValue
  readonly userId?: JsonValue
  readonly emailVerified?: JsonValue
  readonly email?: JsonValue
}
export const firebaseData: Equal<DataOfGuard<typeof firebase>, FirebaseData> = true
export const addedData: Equal<
  DataOfGuard<typeof addition>,
  FirebaseData & { readonly picture?: JsonValue }
> = true
export const rosData: Equal<DataOfGuard<typeof realmObjectServer>, { readonly isAdmin?: JsonValue }> = true

// What follows a preset replaces it.
export const replaced = customJwtAuth({
  appId: 'myapp-abcde',
  ...issuers.firebase({ projectId: 'my-project-1a2b3' }),
  metadataFields: [{ name: 'email', required: true }],
  subjectClaim: 'email',
})
export const replacedData: Equal<
  UserOf<typeof replaced>['data'],
  { readonly email: NonNullable<JsonValue> }
> = true

// A choice that is only known when the program runs.
declare const tokenUse: 'access' | 'id'
declare const version: 1 | 2
const userPool = { userPoolId: 'eu-west-1_AbCdEf123', clientId: ['a', 'b'] } as const
customJwtAuth({ appId: 'myapp-abcde', ...issuers.cognito({ ...userPool, tokenUse }) })
customJwtAuth({ appId: 'myapp-abcde', ...issuers.entra({ tenantId: 't', audience: 'a', version }) })

// A missing parameter does not compile.

// @ts-expect-error the audience is missing
issuers.auth0({ domain: 'my-tenant.eu.auth0.com' })

// @ts-expect-error the domain is missing
issuers.okta({ audience: 'myapp-abcde' })

// @ts-expect-error the project is missing
issuers.firebase({})

// @ts-expect-error which token is sent has to be written down
issuers.cognito(userPool)

// @ts-expect-error the audience is missing
issuers.entra({ tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47' })

// @ts-expect-error the client is missing
issuers.google({ hostedDomain: 'example.com' })

// @ts-expect-error the client is missing
issuers.keycloak({ url: 'https://sso.example.com', realm: 'my-realm' })

// @ts-expect-error that any origin is accepted has to be written down
issuers.clerk({ frontendApiUrl: 'https://clerk.example.com' })

// @ts-expect-error the project is missing
issuers.supabase({ jwtSecret: process.env.SUPABASE_JWT_SECRET })

// @ts-expect-error the key is missing
issuers.realmObjectServer({})

// Nor does one that may be unset, or is none.

// @ts-expect-error the variable may not be set
issuers.firebase({ projectId: process.env.FIREBASE_PROJECT_ID })

// @ts-expect-error a misspelt parameter
issuers.google({ clientID: 'x.apps.googleusercontent.com' })

// @ts-expect-error there is no such version
issuers.entra({ tenantId: 't', audience: 'a', version: 3 })

// @ts-expect-error a secret is for one algorithm
issuers.supabase({ url: 'https://a.supabase.co', jwtSecret: 'secret', signingAlgorithm: 'ES256' })

// @ts-expect-error a preset brings its keys
customJwtAuth({ appId: 'myapp-abcde', ...issuers.google({ clientId: 'x' }), signingKeys: ['key'] })

/** Its data may have any field. */
export function tenants(find: (issuer: string) => Promise<{ id: string; key: string } | undefined>) {
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    async providers(issuer) {
      const text: string = issuer
      if (text === 'https://operator.example') return { name: 'operator', jwkUri: `${text}/jwks.json` }
      const tenant = await find(issuer)
      return tenant && { name: tenant.id, issuer, signingAlgorithm: 'HS256', signingKeys: [tenant.key] }
    },
    autoCreateUser: ({ data }) => {
      if (data.plan !== 'pro') throw new Error('no plan')
    },
  })
  return auth
}

export function tenantsAtOnce(providers: NamedProviders | FindProvider) {
  return customJwtAuth({ appId: 'myapp-abcde', providers })
}
