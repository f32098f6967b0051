// What presets make of their parameters: the issuer's addresses, or an error that names the mistake and its fix.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigurationError, customJwtAuth, issuers } from 'custom-jwt-auth'
import { rsaKeys } from '../support/tokens.js'

const APP_ID = 'myapp-abcde'
const tenantId = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const domain = 'my-tenant.eu.auth0.com'
const clientId = '1234567890-abc.apps.googleusercontent.com'
const pool = { userPoolId: 'us-gov-west-1_AbC123', clientId: 'c', tokenUse: 'id' } as const
const realm = { url: 'https://sso.example.com/auth', realm: 'a realm', clientId: 'c' }
const clerk = { frontendApiUrl: 'https://clerk.example.com', authorizedParties: 'https://example.com' }
const project = 'https://abcdefghijklmnopqrst.supabase.co'
const microsoft = 'https://login.microsoftonline.com'

describe('where an issuer has its keys, and what it calls itself', () => {
  const rows: readonly (readonly [string, object, string, string | readonly string[]])[] = [
    [
      'auth0',
      issuers.auth0({ domain, audience: 'a' }),
      'https://my-tenant.eu.auth0.com/.well-known/jwks.json',
      'https://my-tenant.eu.auth0.com/',
    ],
    [
      'okta',
      issuers.okta({ domain: 'my-org.okta.com', audience: 'api://default' }),
      'https://my-org.okta.com/oauth2/default/v1/keys',
      'https://my-org.okta.com/oauth2/default',
    ],
    [
      'firebase',
      issuers.firebase({ projectId: 'my-project' }),
      'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
      'https://securetoken.google.com/my-project',
    ],
    [
      'cognito',
      issuers.cognito(pool),
      'https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbC123/.well-known/jwks.json',
      'https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbC123',
    ],
    [
      'entra',
      issuers.entra({ tenantId, audience: 'a' }),
      `${microsoft}/${tenantId}/discovery/v2.0/keys`,
      `${microsoft}/${tenantId}/v2.0`,
    ],
    [
      'entra, version 1',
      issuers.entra({ tenantId, audience: 'a', version: 1 }),
      `${microsoft}/${tenantId}/discovery/keys`,
      `https://sts.windows.net/${tenantId}/`,
    ],
    [
      'google',
      issuers.google({ clientId }),
      'https://www.googleapis.com/oauth2/v3/certs',
      ['https://accounts.google.com', 'accounts.google.com'],
    ],
    [
      'keycloak',
      issuers.keycloak(realm),
      'https://sso.example.com/auth/realms/a%20realm/protocol/openid-connect/certs',
      'https://sso.example.com/auth/realms/a%20realm',
    ],
    [
      'clerk',
      issuers.clerk(clerk),
      'https://clerk.example.com/.well-known/jwks.json',
      'https://clerk.example.com',
    ],
    [
      'supabase',
      issuers.supabase({ url: project }),
      'https://abcdefghijklmnopqrst.supabase.co/auth/v1/.well-known/jwks.json',
      'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
    ],
    [
      'apple',
      issuers.apple({ clientId: 'com.example.app' }),
      'https://appleid.apple.com/auth/keys',
      'https://appleid.apple.com',
    ],
    [
      'workos',
      issuers.workos({ clientId: 'client_01HXYZ', domain: 'auth.example.com' }),
      'https://api.workos.com/sso/jwks/client_01HXYZ',
      [
        'https://auth.example.com',
        'https://auth.example.com/',
        'https://auth.example.com/user_management/client_01HXYZ',
      ],
    ],
    [
      'kinde',
      issuers.kinde({ domain: 'my-business.kinde.com', clientId: 'c' }),
      'https://my-business.kinde.com/.well-known/jwks',
      'https://my-business.kinde.com',
    ],
    [
      'logto',
      issuers.logto({ endpoint: 'https://my-tenant.logto.app', audience: 'a' }),
      'https://my-tenant.logto.app/oidc/jwks',
      'https://my-tenant.logto.app/oidc',
    ],
    [
      'zitadel',
      issuers.zitadel({ url: 'https://my-instance.zitadel.cloud', projectId: '123' }),
      'https://my-instance.zitadel.cloud/oauth/v2/keys',
      'https://my-instance.zitadel.cloud',
    ],
    [
      'authentik',
      issuers.authentik({ url: 'https://auth.example.com', slug: 'my-app', clientId: 'c' }),
      'https://auth.example.com/application/o/my-app/jwks/',
      'https://auth.example.com/application/o/my-app/',
    ],
    [
      'cloudflareAccess',
      issuers.cloudflareAccess({ teamDomain: 'my-team.cloudflareaccess.com', audience: 'a'.repeat(64) }),
      'https://my-team.cloudflareaccess.com/cdn-cgi/access/certs',
      'https://my-team.cloudflareaccess.com',
    ],
    [
      'supabase on this machine',
      issuers.supabase({ url: 'http://127.0.0.1:54321' }),
      'http://127.0.0.1:54321/auth/v1/.well-known/jwks.json',
      'http://127.0.0.1:54321/auth/v1',
    ],
  ]
  for (const [name, options, jwkUri, issuer] of rows)
    test(name, () => {
      const remote = options as { jwkUri: string; issuer: unknown }
      assert.deepEqual([remote.jwkUri, remote.issuer], [jwkUri, issuer])
      customJwtAuth({ appId: APP_ID, ...(options as { jwkUri: string }) })
    })
})

describe('a mistake in a parameter', () => {
  const UNSET = 'is undefined (left out, or an environment variable that is not set?)'
  const BLANK = 'is an empty or blank string'
  const NOT_A_HOST = 'is not a host name in lower case'
  const NOT_ORIGIN = 'is not an origin: a scheme and a host, without a slash at the end'

  /** Good parameters, what is put over them, and what that is called. */
  type Faults = readonly [
    preset: keyof typeof issuers,
    good: object,
    ...bad: (readonly [given: object, problem: string])[],
  ]
  const faults: readonly Faults[] = [
    [
      'auth0',
      { domain, audience: 'https://api.example.com' },
      [{ domain: undefined }, UNSET],
      [{ domain: '' }, BLANK],
      [{ domain: `https://${domain}/` }, 'has https:// in front'],
      [{ domain: `${domain}/` }, 'has a slash'],
      [{ domain: `${domain}\n` }, 'begins or ends with whitespace'],
      [{ domain: 'My-Tenant.eu.auth0.com' }, NOT_A_HOST],
      [{ domain: 'my-tenant' }, NOT_A_HOST],
      [{ audience: ' ' }, BLANK],
      [{ audience: `https://${domain}/userinfo` }, 'is the audience of the user info endpoint'],
      [{ audience: `https://${domain}/api/v2/` }, 'is the audience of the Management API'],
      [{ Audience: 'a' }, 'is not an option'],
    ],
    [
      'okta',
      { domain: 'my-org.okta.com', audience: 'myapp-abcde' },
      [{ domain: 'my-org-admin.okta.com' }, 'is the domain of the admin console, which has -admin in it'],
      [{ authorizationServerId: 'https://my-org.okta.com/oauth2/default' }, 'is not an id'],
      [{ clientId: undefined }, UNSET],
      [{ clientId: [] }, 'is an empty array'],
      [{ audience: '' }, BLANK],
    ],
    [
      'firebase',
      {},
      [{ projectId: '123456789012' }, 'is a project number'],
      [{ projectId: '1:123456789012:web:abc' }, 'is an app ID'],
      [{ projectId: 'my-project.firebaseapp.com' }, 'is the domain of an app'],
      [{ projectId: 'My Project' }, 'is not a project ID'],
      [{ projectId: '' }, BLANK],
    ],
    [
      'cognito',
      pool,
      [{ userPoolId: 'arn:aws:cognito-idp:eu-west-1:1:userpool/x' }, 'is an ARN'],
      [{ userPoolId: 'eu-west-1:aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' }, 'is the ID of an identity pool'],
      [{ userPoolId: 'AbC123' }, 'is not a user pool ID'],
      [{ clientId: ['c', ''] }, `has an element that ${BLANK}`],
      [{ tokenUse: 'refresh' }, 'is not known'],
      [{ tokenUse: undefined }, UNSET],
    ],
    [
      'entra',
      { tenantId, audience: 'a' },
      [{ tenantId: 'common' }, 'stands for many tenants'],
      [{ tenantId: 'contoso.onmicrosoft.com' }, 'is a domain'],
      [{ tenantId: 'contoso' }, 'is not a GUID'],
      [
        { audience: 'https://graph.microsoft.com' },
        'is Microsoft Graph, whose tokens nobody else can verify',
      ],
      [{ audience: undefined }, UNSET],
      [{ version: 3 }, 'is not known'],
      [{ version: '2.0' }, 'is a string'],
      [{ clientId: 'my-spa' }, 'is not a GUID'],
    ],
    [
      'google',
      { clientId },
      [{ clientId: 'GOCSPX-abc' }, 'is a client secret'],
      [{ clientId: [clientId, 'my-project'] }, 'has an element that is not a client ID'],
      [{ hostedDomain: 'Example.com' }, 'is not a domain in lower case'],
    ],
    [
      'keycloak',
      realm,
      [{ url: 'https://sso.example.com/realms/x' }, 'has the realm in it'],
      [{ url: 'https://sso.example.com/' }, 'ends with a slash'],
      [{ url: 'https://sso.example.com?x' }, 'has a query or fragment'],
      [{ url: 'ftp://sso.example.com' }, 'is not an https URL'],
      [{ realm: 'realms/x' }, 'has a slash'],
      [{ clientId: '' }, BLANK],
      [{ audience: 'account' }, 'is in the tokens of nearly all clients, so it proves nothing'],
    ],
    [
      'clerk',
      clerk,
      [{ frontendApiUrl: 'pk_test_abc' }, 'is a key'],
      [{ frontendApiUrl: 'https://clerk.example.com/.well-known/jwks.json' }, 'has a path'],
      [{ authorizedParties: ['https://example.com/'] }, `has an element that ${NOT_ORIGIN}`],
      [{ authorizedParties: 'example.com' }, NOT_ORIGIN],
      [{ authorizedParties: undefined }, UNSET],
    ],
    [
      'supabase',
      { url: project },
      [{ url: `${project}/rest/v1` }, 'has a path'],
      [{ url: 'postgresql://db.supabase.co' }, 'is the URL of the database'],
      [{ signingAlgorithm: 'HS256' }, 'is not known'],
      [{ jwtSecret: undefined }, UNSET],
      [{ jwtSecret: 'sb_secret_abc' }, 'is an API key'],
      [{ signingAlgorithm: 'ES256', jwtSecret: 's'.repeat(40) }, 'is not an option'],
    ],
    [
      'oidc',
      { issuer: 'https://issuer.example', audience: 'a' },
      [{ issuer: undefined }, UNSET],
      [
        { issuer: 'https://issuer.example/.well-known/openid-configuration' },
        'is the address of the discovery document',
      ],
      [{ issuer: 'https://issuer.example\n' }, 'begins or ends with whitespace'],
      [{ audience: [] }, 'is an empty array'],
      [{ audience: '' }, BLANK],
    ],
    [
      'apple',
      { clientId: 'com.example.app' },
      [{ clientId: 'A1B2C3D4E5.com.example.app' }, 'has the team ID in front'],
      [{ clientId: 'A1B2C3D4E5' }, 'is a team ID or a key ID'],
    ],
    [
      'workos',
      { clientId: 'client_01HXYZ' },
      [{ clientId: 'sk_test_abc' }, 'is an API key'],
      [{ clientId: 'myapp' }, 'is not a client ID'],
      [{ domain: 'https://auth.example.com' }, 'has https:// in front'],
    ],
    [
      'kinde',
      { domain: 'my-business.kinde.com', clientId: 'c' },
      [{ domain: 'https://my-business.kinde.com' }, 'has https:// in front'],
      [{ clientId: [] }, 'is an empty array'],
      [{ audience: undefined }, UNSET],
    ],
    [
      'logto',
      { endpoint: 'https://my-tenant.logto.app', audience: 'a' },
      [{ endpoint: 'https://my-tenant.logto.app/oidc' }, 'ends with /oidc'],
      [{ endpoint: 'https://my-tenant.logto.app/' }, 'ends with a slash'],
      [{ audience: undefined }, UNSET],
      [{ signingAlgorithm: 'HS256' }, 'is not known'],
    ],
    [
      'zitadel',
      { url: 'https://my-instance.zitadel.cloud', projectId: '123456789012345678' },
      [{ url: 'https://my-instance.zitadel.cloud/oauth/v2' }, 'has a path'],
      [{ projectId: 'my-project' }, 'is not a project ID'],
      [{ projectId: 123 }, 'is the number 123'],
    ],
    [
      'authentik',
      { url: 'https://auth.example.com', slug: 'my-app', clientId: 'c' },
      [{ url: 'https://auth.example.com/application/o/my-app' }, 'has the application in it'],
      [{ slug: 'application/o/my-app' }, 'is not a slug'],
      [{ clientId: '' }, BLANK],
    ],
    [
      'cloudflareAccess',
      { teamDomain: 'my-team.cloudflareaccess.com', audience: 'a'.repeat(64) },
      [{ teamDomain: 'my-team' }, NOT_A_HOST],
      [{ teamDomain: 'app.example.com' }, 'is not a team domain'],
      [{ audience: 'my-app' }, 'is not an AUD tag'],
    ],
    [
      'realmObjectServer',
      {},
      [{ publicKey: undefined }, UNSET],
      [{ publicKey: '/etc/keys/public.pem' }, 'is not a PEM key'],
    ],
  ]

  for (const [name, good, ...bad] of faults)
    for (const [given, problem] of bad) {
      const [[parameter, value] = ['']] = Object.entries(given)
      test(`${name}: ${parameter} ${value === undefined ? 'undefined' : JSON.stringify(value)} ${problem}`, () => {
        const preset = issuers[name] as (parameters: object) => unknown
        assert.throws(
          () => preset({ ...good, ...given }),
          (error) => {
            assert(error instanceof ConfigurationError)
            const [found, ...others] = error.problems
            const option = `issuers.${name}.${parameter}`
            assert.deepEqual([found?.option, found?.problem, others], [option, problem, []])
            assert.match(found?.fix ?? '', /^(?:Pass|Did you mean|Remove it; known options are) ./)
            return true
          },
        )
      })
    }

  test('all of them are reported at once', () => {
    assert.throws(
      () => issuers.entra({ tenantId: '', audience: '' }),
      ({ problems }: ConfigurationError) => problems.length === 2,
    )
  })

  for (const [name, preset] of Object.entries(issuers))
    test(`${name} without parameters says what it takes`, () => {
      const callWith = preset as (parameters?: unknown) => unknown
      for (const parameters of [undefined, null, 'text', []])
        assert.throws(
          () => callWith(parameters),
          (error) => error instanceof ConfigurationError && error.problems[0]?.fix === 'Pass an object',
        )
    })
})

describe('a preset is data', () => {
  test('what follows it in the object replaces what it says', () => {
    assert.throws(
      () => customJwtAuth({ appId: APP_ID, ...issuers.auth0({ domain, audience: 'a' }), audience: '' }),
      ({ problems }: ConfigurationError) => problems.length === 1 && problems[0]?.option === 'audience',
    )
  })

  test('a name with a comma stays one audience', () => {
    assert.deepEqual(issuers.auth0({ domain, audience: 'a,b' }).audience, ['a,b'])
  })

  test('Firebase has the five metadata fields of the original recipe', () => {
    assert.deepEqual(issuers.firebase({ projectId: 'my-project' }).metadataFields, [
      { name: 'firebase.identities.email', fieldName: 'emails' },
      { name: 'firebase.sign_in_provider', fieldName: 'signInProvider' },
      { name: 'user_id', fieldName: 'userId' },
      { name: 'email_verified', fieldName: 'emailVerified' },
      { name: 'email', fieldName: 'email' },
    ])
  })

  test('a public key may end with a newline, or have its newlines escaped', () => {
    const { publicPem } = rsaKeys()
    for (const publicKey of [publicPem, `\n${publicPem}\n`, publicPem.trim().replaceAll('\n', '\\n')])
      customJwtAuth({ appId: APP_ID, ...issuers.realmObjectServer({ publicKey }) })
  })
})
