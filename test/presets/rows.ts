// What each issuer's tokens look like, and the classic mistakes with them: one row for each preset, or use of it.
// Shapes are those of the issuers' documentation; ids are invented.
import type { KeyObject } from 'node:crypto'
import { issuers, type ErrorCode } from 'custom-jwt-auth'
import { mint, NOW, rsaKeys } from '../support/tokens.js'

/** Put over a good token of its row; undefined leaves a parameter or a claim out. */
interface Change {
  readonly header?: object
  readonly claims?: object
}

/** A token, or a configuration, that is wrong in a way that people really get wrong. */
export interface Mistake extends Change {
  readonly what: string
  /** The whole token, where the row's keys do not sign it. */
  readonly token?: string
  /** Written after the preset by mistake. */
  readonly options?: object
  readonly code: ErrorCode
  /** What `explain` says of the checks that fail: expected, got and fix. */
  readonly says: RegExp
}

export interface Row {
  readonly name: string
  readonly preset: object
  /** Where the keys are: published, for this algorithm, or written down in the preset, and this one signs. */
  readonly keys: 'RS256' | 'ES256' | 'ES384' | { readonly key: string | KeyObject }
  readonly header?: object
  readonly claims: object
  /** The user's id at the issuer. */
  readonly subject: string
  readonly data?: object
  /** Other tokens that are as good. */
  readonly accepted?: readonly (Change & { readonly what: string })[]
  readonly mistakes: readonly Mistake[]
}

const API = 'https://api.example.com'
const times = { iat: NOW - 60, exp: NOW + 3540 }
const notAnIdToken = /It looks like an ID token: if access tokens are wanted here, send the access token/

/** Another token of the issuer's, or of one like it, signed with a secret: an API key, a refresh token. */
const signedWithSecret = (claims: object): string => mint({ ...times, ...claims })
const opaque = 'ya29.a0AfB_byC3Xw1n0tAJwtAtAll'

const auth0: Row = {
  name: 'auth0',
  preset: issuers.auth0({ domain: 'my-tenant.eu.auth0.com', audience: API }),
  keys: 'RS256',
  claims: {
    ...times,
    iss: 'https://my-tenant.eu.auth0.com/',
    sub: 'auth0|6553da60a54af58e29493993',
    aud: [API, 'https://my-tenant.eu.auth0.com/userinfo'],
    azp: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
    scope: 'openid profile email',
  },
  subject: 'auth0|6553da60a54af58e29493993',
  accepted: [
    {
      what: 'a token of the RFC 9068 profile',
      header: { typ: 'at+jwt' },
      claims: {
        azp: undefined,
        client_id: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
        jti: '73WakrfVbNJBaAmhQtEeDv',
      },
    },
    { what: 'a token for this API alone', claims: { aud: API } },
  ],
  mistakes: [
    {
      what: 'the issuer written without its slash',
      options: { issuer: 'https://my-tenant.eu.auth0.com' },
      code: 'TOKEN_ISSUER',
      says: /The issuer differs by a trailing slash: make them match/,
    },
    {
      what: 'an ID token',
      claims: {
        aud: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
        azp: undefined,
        scope: undefined,
        nonce: 'n-0S6_WzA2Mj',
        email: 'jean@example.com',
      },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: notAnIdToken,
    },
    {
      what: 'a token for another API',
      claims: { aud: 'https://other.example.com' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "https:\/\/api\.example\.com", got "https:\/\/other\.example\.com"/,
    },
    {
      what: 'a token of another tenant',
      claims: { iss: 'https://my-tenant-dev.eu.auth0.com/' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/my-tenant-dev\.eu\.auth0\.com\/"/,
    },
    {
      what: 'the encrypted token that comes when no audience is asked for',
      token: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..iv.text.tag',
      code: 'TOKEN_SEGMENTS',
      says: /expected header\.payload\.signature/,
    },
  ],
}

const okta: Row = {
  name: 'okta',
  preset: issuers.okta({
    domain: 'my-org.okta.com',
    authorizationServerId: 'aus9o8wzkhckw9TLa0h7',
    audience: API,
    clientId: '0oa2yrbf35Vcbom491t7',
  }),
  keys: 'RS256',
  header: { typ: undefined },
  claims: {
    ...times,
    ver: 1,
    jti: 'AT.MNAoEQ_jbKqoinrQo1D0XKjMX28U5d7ZszBceot7-Ts',
    iss: 'https://my-org.okta.com/oauth2/aus9o8wzkhckw9TLa0h7',
    aud: API,
    cid: '0oa2yrbf35Vcbom491t7',
    uid: '00u2yulup4eWbOttd1t7',
    scp: ['openid', 'profile'],
    auth_time: NOW - 60,
    sub: 'jean.valjean@example.com',
  },
  subject: '00u2yulup4eWbOttd1t7',
  accepted: ['JWT', 'at+jwt'].map((typ) => ({ what: `a token that says ${typ}`, header: { typ } })),
  mistakes: [
    {
      what: 'an access token of the org authorization server',
      header: { typ: 'application/okta-internal-at+jwt' },
      claims: { iss: 'https://my-org.okta.com', aud: 'https://my-org.okta.com' },
      code: 'TOKEN_TYPE',
      says: /iss: expected "https:\/\/my-org\.okta\.com\/oauth2\/aus9o8wzkhckw9TLa0h7", got "https:\/\/my-org\.okta\.com"/,
    },
    {
      what: 'a token of another authorization server',
      claims: { iss: 'https://my-org.okta.com/oauth2/default', aud: 'api://default' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/my-org\.okta\.com\/oauth2\/default"/,
    },
    {
      what: 'an ID token',
      claims: {
        aud: '0oa2yrbf35Vcbom491t7',
        sub: '00u2yulup4eWbOttd1t7',
        cid: undefined,
        uid: undefined,
        scp: undefined,
        at_hash: 'liTu18PkaNVObRctS09bOA',
      },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: notAnIdToken,
    },
    {
      what: 'a token of another client',
      claims: { cid: '0oaOTHERCLIENT0t7' },
      code: 'TOKEN_CLAIM',
      says: /expected cid: "0oa2yrbf35Vcbom491t7", got cid: "0oaOTHERCLIENT0t7"\. Send a token with another cid/,
    },
    {
      what: 'a token of a service, which has no user',
      claims: { uid: undefined, sub: '0oa2yrbf35Vcbom491t7' },
      code: 'TOKEN_SUBJECT',
      says: /expected uid: a non-empty string, got absent/,
    },
  ],
}

const firebase: Row = {
  name: 'firebase',
  preset: issuers.firebase({ projectId: 'my-project-1a2b3' }),
  keys: 'RS256',
  claims: {
    ...times,
    name: 'Jean Valjean',
    iss: 'https://securetoken.google.com/my-project-1a2b3',
    aud: 'my-project-1a2b3',
    auth_time: NOW - 60,
    user_id: 'GJoYB22AqSQUkVEkYhyVIhYyMIt1',
    sub: 'GJoYB22AqSQUkVEkYhyVIhYyMIt1',
    email: 'jean@example.com',
    email_verified: true,
    firebase: {
      identities: { 'google.com': ['109876543210987654321'], email: ['jean@example.com'] },
      sign_in_provider: 'google.com',
    },
  },
  subject: 'GJoYB22AqSQUkVEkYhyVIhYyMIt1',
  data: {
    emails: ['jean@example.com'],
    signInProvider: 'google.com',
    userId: 'GJoYB22AqSQUkVEkYhyVIhYyMIt1',
    emailVerified: true,
    email: 'jean@example.com',
  },
  accepted: [
    {
      what: 'a token of an anonymous user',
      claims: {
        name: undefined,
        email: undefined,
        email_verified: undefined,
        provider_id: 'anonymous',
        firebase: { identities: {}, sign_in_provider: 'anonymous' },
      },
    },
  ],
  mistakes: [
    {
      what: 'a token of another project',
      claims: { iss: 'https://securetoken.google.com/other-project', aud: 'other-project' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/securetoken\.google\.com\/other-project"/,
    },
    {
      what: 'the App ID as the audience, in place of the project ID',
      options: { audience: 'myapp-abcde' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "myapp-abcde", got "my-project-1a2b3"\. Set audience to what the issuer puts into aud/,
    },
    {
      what: 'a custom token, which is for signing in to Firebase',
      claims: {
        iss: 'firebase-adminsdk-x@my-project-1a2b3.iam.gserviceaccount.com',
        aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
      },
      code: 'TOKEN_ISSUER',
      says: /got "firebase-adminsdk-x@my-project-1a2b3\.iam\.gserviceaccount\.com"/,
    },
    {
      what: 'a session cookie',
      claims: { iss: 'https://session.firebase.google.com/my-project-1a2b3' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/session\.firebase\.google\.com\/my-project-1a2b3"/,
    },
    {
      what: 'a token of the emulator, which is not signed',
      token: mint({ ...times, iss: 'https://securetoken.google.com/my-project-1a2b3' }, { alg: 'none' }),
      code: 'TOKEN_ALGORITHM',
      says: /alg: expected RS256, got "none"/,
    },
  ],
}

const pool = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123'
const cognitoUser = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'
const cognitoAccess = {
  ...times,
  sub: cognitoUser,
  iss: pool,
  client_id: '1example23456789',
  origin_jti: 'aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff',
  token_use: 'access',
  scope: 'openid profile',
  auth_time: NOW - 60,
  username: 'jean',
}
const cognitoId = {
  ...cognitoAccess,
  client_id: undefined,
  scope: undefined,
  username: undefined,
  aud: '1example23456789',
  token_use: 'id',
  at_hash: 'nsmR3n8oXh0V4ZmZkL0bWw',
  'cognito:username': 'jean',
  email: 'jean@example.com',
}
const otherPool: Mistake = {
  what: 'a token of another user pool',
  claims: { iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Zzzzzz999' },
  code: 'TOKEN_ISSUER',
  says: /got "https:\/\/cognito-idp\.eu-west-1\.amazonaws\.com\/eu-west-1_Zzzzzz999"/,
}

const cognitoForAccess: Row = {
  name: 'cognito, for access tokens',
  preset: issuers.cognito({
    userPoolId: 'eu-west-1_AbCdEf123',
    clientId: '1example23456789',
    tokenUse: 'access',
  }),
  keys: 'RS256',
  header: { typ: undefined },
  claims: cognitoAccess,
  subject: cognitoUser,
  accepted: [
    { what: 'a token bound to a resource', claims: { aud: API } },
    { what: 'a token that says JWT', header: { typ: 'JWT' } },
  ],
  mistakes: [
    { what: 'an ID token', claims: cognitoId, code: 'TOKEN_CLAIM', says: notAnIdToken },
    {
      what: 'a token of another client',
      claims: { client_id: 'otherclient' },
      code: 'TOKEN_CLAIM',
      says: /got token_use: "access", client_id: "otherclient"\. Send a token with another client_id/,
    },
    otherPool,
  ],
}

const cognitoForId: Row = {
  name: 'cognito, for ID tokens of two clients',
  preset: issuers.cognito({
    userPoolId: 'eu-west-1_AbCdEf123',
    clientId: ['1example23456789', '2example23456789'],
    tokenUse: 'id',
  }),
  keys: 'RS256',
  header: { typ: undefined },
  claims: cognitoId,
  subject: cognitoUser,
  accepted: [{ what: 'a token of the second client', claims: { aud: '2example23456789' } }],
  mistakes: [
    {
      what: 'an access token',
      claims: { ...cognitoAccess, aud: undefined, at_hash: undefined },
      code: 'TOKEN_AUDIENCE_INVALID',
      says: /expected token_use: "id", got token_use: "access"\. Send a token with another token_use/,
    },
    {
      what: 'a token of another client',
      claims: { aud: 'otherclient' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "1example23456789" or "2example23456789", got "otherclient"/,
    },
    otherPool,
  ],
}

const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const otherTenant = '82229342-1101-4ab6-817b-70c0747630f3'
const api = '6e74172b-be56-4843-9ff4-e66a39bb12e3'
const spa = '75dbe77f-10a3-4e59-85fd-8c127544f17c'
const entraUser = 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ'
const entra2 = {
  ...times,
  aud: api,
  iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
  nbf: NOW - 60,
  azp: spa,
  azpacr: '0',
  name: 'Jean Valjean',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  preferred_username: 'jean@example.com',
  scp: 'access_as_user',
  sub: entraUser,
  tid: tenant,
  ver: '2.0',
}
const entra1 = {
  ...entra2,
  aud: `api://${api}`,
  iss: `https://sts.windows.net/${tenant}/`,
  azp: undefined,
  azpacr: undefined,
  appid: spa,
  appidacr: '0',
  preferred_username: undefined,
  unique_name: 'jean@example.com',
  ver: '1.0',
}

const entraVersion2: Row = {
  name: 'entra',
  preset: issuers.entra({ tenantId: tenant.toUpperCase(), audience: api, clientId: spa }),
  keys: 'RS256',
  claims: entra2,
  subject: entraUser,
  mistakes: [
    {
      what: 'a token of version 1, which an API gets unless its manifest says 2,',
      claims: entra1,
      code: 'TOKEN_ISSUER',
      says: /expected "https:\/\/login\.microsoftonline\.com\/72f988bf\S+\/v2\.0", got "https:\/\/sts\.windows\.net\/72f988bf/,
    },
    {
      what: 'a token of another tenant',
      claims: { iss: `https://login.microsoftonline.com/${otherTenant}/v2.0`, tid: otherTenant },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/login\.microsoftonline\.com\/82229342/,
    },
    {
      what: 'a token for Microsoft Graph',
      header: { nonce: 'S0m3N0nce' },
      claims: { ...entra1, aud: '00000003-0000-0000-c000-000000000000' },
      code: 'TOKEN_ISSUER',
      says: /aud: expected "6e74172b\S+", got "00000003-0000-0000-c000-000000000000"/,
    },
    {
      what: 'a token for another API',
      claims: { aud: spa },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /got "75dbe77f-10a3-4e59-85fd-8c127544f17c"/,
    },
    {
      what: 'an ID token of an app that shares its registration with the API',
      claims: { azp: undefined, azpacr: undefined, scp: undefined, nonce: '12345' },
      code: 'TOKEN_CLAIM',
      says: notAnIdToken,
    },
    {
      what: 'a token of another client',
      claims: { azp: otherTenant },
      code: 'TOKEN_CLAIM',
      says: /got azp: "82229342\S+"\. Send a token with another azp/,
    },
  ],
}

const entraVersion1: Row = {
  name: 'entra, for tokens of version 1',
  preset: issuers.entra({ tenantId: tenant, audience: `api://${api}`, version: 1, clientId: spa }),
  keys: 'RS256',
  claims: entra1,
  subject: entraUser,
  mistakes: [
    {
      what: 'a token of version 2',
      claims: { ...entra2, appid: undefined },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/login\.microsoftonline\.com\/72f988bf/,
    },
    {
      what: 'a token of another client',
      claims: { appid: otherTenant },
      code: 'TOKEN_CLAIM',
      says: /Send a token with another appid/,
    },
  ],
}

const webClient = '1234567890-abc123def456.apps.googleusercontent.com'
const iosClient = '1234567890-ios123def456.apps.googleusercontent.com'
const google: Row = {
  name: 'google',
  preset: issuers.google({ clientId: [webClient, iosClient], hostedDomain: 'example.com' }),
  keys: 'RS256',
  claims: {
    ...times,
    iss: 'https://accounts.google.com',
    azp: webClient,
    aud: webClient,
    sub: '110169484474386276334',
    hd: 'example.com',
    email: 'jean@example.com',
    email_verified: true,
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    name: 'Jean Valjean',
  },
  subject: '110169484474386276334',
  accepted: [
    { what: 'a token of the issuer without https://', claims: { iss: 'accounts.google.com' } },
    { what: 'a token for the second client', claims: { aud: iosClient, azp: iosClient } },
  ],
  mistakes: [
    {
      what: 'a token for another client',
      claims: { aud: '9876543210-xyz.apps.googleusercontent.com' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "1234567890-abc\S+" or "1234567890-ios\S+", got "9876543210-xyz\.apps\.googleusercontent\.com"/,
    },
    {
      what: 'a token of an account outside the Workspace domain',
      claims: { hd: undefined, email: 'jean@gmail.com' },
      code: 'TOKEN_CLAIM',
      says: /expected hd: "example\.com", got hd: absent/,
    },
    {
      what: 'an access token, which is no JWT,',
      token: opaque,
      code: 'TOKEN_SEGMENTS',
      says: /expected header\.payload\.signature/,
    },
    {
      what: 'a Firebase token',
      claims: { iss: 'https://securetoken.google.com/my-project-1a2b3', aud: 'my-project-1a2b3' },
      code: 'TOKEN_ISSUER',
      says: /expected "https:\/\/accounts\.google\.com" or "accounts\.google\.com", got "https:\/\/securetoken/,
    },
  ],
}

const realm = 'https://sso.example.com/realms/my-realm'
const keycloakUser = 'fd8fc3d3-0a39-41f7-9468-45926f658e41'
const keycloakClaims = {
  ...times,
  jti: 'e1ac2e55-a655-464b-9039-6874c52398e3',
  iss: realm,
  aud: 'account',
  sub: keycloakUser,
  typ: 'Bearer',
  azp: 'my-spa',
  sid: 'c09af47f-db7c-4013-bff6-60b78b959786',
  realm_access: { roles: ['offline_access', 'default-roles-my-realm'] },
  resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
  scope: 'openid profile email',
  preferred_username: 'jean',
}

const keycloak: Row = {
  name: 'keycloak',
  preset: issuers.keycloak({ url: 'https://sso.example.com', realm: 'my-realm', clientId: 'my-spa' }),
  keys: 'RS256',
  claims: keycloakClaims,
  subject: keycloakUser,
  accepted: [
    { what: 'a token of a client that writes at+jwt', header: { typ: 'at+jwt' } },
    { what: 'a token without an audience', claims: { aud: undefined } },
  ],
  mistakes: [
    {
      what: 'an ID token',
      claims: { typ: 'ID', aud: 'my-spa', scope: undefined, at_hash: 'F7aIUkV4XcYpGZ7kpPRYDg' },
      code: 'TOKEN_CLAIM',
      says: notAnIdToken,
    },
    {
      what: 'a token of another client of the realm',
      claims: { azp: 'other-spa' },
      code: 'TOKEN_CLAIM',
      says: /got typ: "Bearer", azp: "other-spa"\. Send a token with another azp/,
    },
    {
      what: 'a token of another realm',
      claims: { iss: 'https://sso.example.com/realms/master' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/sso\.example\.com\/realms\/master"/,
    },
    {
      what: 'a token that was fetched over the internal address',
      claims: { iss: 'http://keycloak:8080/realms/my-realm' },
      code: 'TOKEN_ISSUER',
      says: /got "http:\/\/keycloak:8080\/realms\/my-realm"/,
    },
    {
      what: 'a token of a client without the basic scope, which has no sub,',
      claims: { sub: undefined },
      code: 'TOKEN_SUBJECT',
      says: /expected sub: a non-empty string, got absent/,
    },
    {
      what: 'a refresh token',
      token: signedWithSecret({ iss: realm, aud: realm, typ: 'Refresh', azp: 'my-spa', sub: keycloakUser }),
      code: 'TOKEN_ALGORITHM',
      says: /expected typ: "Bearer"\S* azp: "my-spa", got typ: "Refresh"/,
    },
  ],
}

const keycloakWithAudience: Row = {
  name: 'keycloak, with an audience mapper',
  preset: issuers.keycloak({
    url: 'https://sso.example.com',
    realm: 'my-realm',
    clientId: ['my-spa', 'my-mobile-app'],
    audience: 'my-api',
  }),
  keys: 'RS256',
  claims: { ...keycloakClaims, aud: ['my-api', 'account'] },
  subject: keycloakUser,
  accepted: [{ what: 'a token of the second client', claims: { azp: 'my-mobile-app' } }],
  mistakes: [
    {
      what: 'a token of a client without the mapper',
      claims: { aud: 'account' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "my-api", got "account"/,
    },
  ],
}

const clerkClaims = {
  iat: NOW,
  exp: NOW + 60,
  nbf: NOW - 10,
  azp: 'https://example.com',
  iss: 'https://clerk.example.com',
  jti: '1234567890',
  sid: 'sess_2fXy1vS6bT',
  sub: 'user_2fXy1vS6bT',
  fva: [7, -1],
  sts: 'active',
  v: 2,
}

const clerk: Row = {
  name: 'clerk',
  preset: issuers.clerk({
    frontendApiUrl: 'https://clerk.example.com',
    authorizedParties: ['https://example.com', 'https://www.example.com'],
  }),
  keys: 'RS256',
  header: { cat: 'cl_B7d4PD111AAA' },
  claims: clerkClaims,
  subject: 'user_2fXy1vS6bT',
  accepted: [
    { what: 'a token for the second origin', claims: { azp: 'https://www.example.com' } },
    { what: 'a token from a clock that is 5 s ahead', claims: { iat: NOW + 5, nbf: NOW + 5 } },
  ],
  mistakes: [
    {
      what: 'a token for another origin',
      claims: { azp: 'https://evil.example' },
      code: 'TOKEN_CLAIM',
      says: /got azp: "https:\/\/evil\.example"\. Send a token with another azp/,
    },
    {
      what: 'a token of a native app, which has no azp,',
      claims: { azp: undefined },
      code: 'TOKEN_CLAIM',
      says: /got azp: absent/,
    },
    {
      what: 'a token of the development instance',
      claims: { iss: 'https://my-app-12.clerk.accounts.dev' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/my-app-12\.clerk\.accounts\.dev"/,
    },
    {
      what: 'a token that was kept, and not asked for anew,',
      claims: { iat: NOW - 120, nbf: NOW - 130, exp: NOW - 60 },
      code: 'TOKEN_EXPIRED',
      says: /Expired 60 seconds ago: get a new token/,
    },
  ],
}

const clerkNative: Row = {
  name: 'clerk, for native apps',
  preset: issuers.clerk({ frontendApiUrl: 'https://clerk.example.com', authorizedParties: null }),
  keys: 'RS256',
  claims: { ...clerkClaims, azp: undefined },
  subject: 'user_2fXy1vS6bT',
  mistakes: [
    {
      what: 'a token of another instance',
      claims: { iss: 'https://clerk.example.org' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/clerk\.example\.org"/,
    },
  ],
}

const projectUrl = 'https://abcdefghijklmnopqrst.supabase.co'
const supabaseUser = '123e4567-e89b-42d3-a456-426614174000'
const supabaseClaims = {
  ...times,
  aal: 'aal1',
  amr: [{ method: 'password', timestamp: NOW - 60 }],
  app_metadata: { provider: 'email', providers: ['email'] },
  aud: 'authenticated',
  email: 'jean@example.com',
  iss: `${projectUrl}/auth/v1`,
  phone: '',
  role: 'authenticated',
  session_id: '123e4567-e89b-42d3-a456-426614174001',
  sub: supabaseUser,
  user_metadata: { name: 'Jean Valjean' },
  is_anonymous: false,
}
const supabaseApiKey = { iss: 'supabase', ref: 'abcdefghijklmnopqrst', role: 'anon' }
const otherProject: Mistake = {
  what: 'a token of another project',
  claims: { iss: 'https://zzzzzzzzzzzzzzzzzzzz.supabase.co/auth/v1' },
  code: 'TOKEN_ISSUER',
  says: /got "https:\/\/zzzzzzzzzzzzzzzzzzzz\.supabase\.co\/auth\/v1"/,
}

const supabase: Row = {
  name: 'supabase',
  preset: issuers.supabase({ url: projectUrl }),
  keys: 'ES256',
  claims: supabaseClaims,
  subject: supabaseUser,
  mistakes: [
    otherProject,
    {
      what: 'the anon key',
      token: signedWithSecret(supabaseApiKey),
      code: 'TOKEN_ALGORITHM',
      says: /iss: expected "https:\/\/abcdefghijklmnopqrst\.supabase\.co\/auth\/v1", got "supabase"/,
    },
    {
      what: 'a token from before the signing keys were changed',
      token: signedWithSecret(supabaseClaims),
      code: 'TOKEN_ALGORITHM',
      says: /alg: expected ES256, got "HS256"/,
    },
    {
      what: 'a token that is not a signed-in user’s',
      claims: { aud: 'anon', role: 'anon' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "authenticated", got "anon"/,
    },
  ],
}

const supabaseRsa: Row = {
  name: 'supabase, with an RSA key',
  preset: issuers.supabase({ url: projectUrl, signingAlgorithm: 'RS256' }),
  keys: 'RS256',
  claims: supabaseClaims,
  subject: supabaseUser,
  mistakes: [otherProject],
}

/** Base64 to look at, but used as the text that it is. */
const jwtSecret = Buffer.alloc(64, 'supabase').toString('base64')
const supabaseLegacy: Row = {
  name: 'supabase, with the legacy secret',
  preset: issuers.supabase({ url: projectUrl, jwtSecret }),
  keys: { key: jwtSecret },
  claims: supabaseClaims,
  subject: supabaseUser,
  mistakes: [
    otherProject,
    {
      what: 'the anon key, which the same secret signs,',
      token: mint({ ...times, ...supabaseApiKey }, { key: jwtSecret }),
      code: 'TOKEN_ISSUER',
      says: /got "supabase"/,
    },
    {
      what: 'the service_role key',
      token: mint({ ...times, ...supabaseApiKey, role: 'service_role' }, { key: jwtSecret }),
      code: 'TOKEN_ISSUER',
      says: /got "supabase"/,
    },
    {
      what: 'a token signed with a new signing key',
      token: mint(supabaseClaims, { key: rsaKeys().privateKey }),
      code: 'TOKEN_ALGORITHM',
      says: /alg: expected HS256, got "RS256"/,
    },
  ],
}

const rosKeys = rsaKeys('Realm Object Server')
const realmObjectServer: Row = {
  name: 'realmObjectServer',
  preset: issuers.realmObjectServer({ publicKey: rosKeys.publicPem }),
  keys: { key: rosKeys.privateKey },
  claims: { ...times, userId: '123', isAdmin: true },
  subject: '123',
  data: { isAdmin: true },
  accepted: [{ what: 'a token of a user who is not an administrator', claims: { isAdmin: undefined } }],
  mistakes: [
    {
      what: 'a token with the user in sub',
      claims: { userId: undefined, sub: '123' },
      code: 'TOKEN_SUBJECT',
      says: /expected userId: a non-empty string, got absent\. Have the issuer put the user's unique id into userId/,
    },
    {
      what: 'a token that never expires, as the old examples made them,',
      claims: { exp: undefined },
      code: 'TOKEN_DATE_INVALID',
      says: /Have the issuer set exp to a number of seconds since 1970/,
    },
    {
      what: 'a token signed with the public key as a secret',
      token: mint({ ...times, userId: '1' }, { key: rosKeys.publicPem, alg: 'HS256' }),
      code: 'TOKEN_ALGORITHM',
      says: /alg: expected RS256, got "HS256"/,
    },
  ],
}

const oidcIssuer = 'https://issuer.example/tenant'
const oidcClaims = {
  ...times,
  iss: oidcIssuer,
  aud: API,
  sub: '24601',
  client_id: 'my-spa',
  jti: 'dbe39bf3a3ba4238a513f51d6e1691c4',
  scope: 'openid profile',
}

const oidc: Row = {
  name: 'oidc',
  preset: issuers.oidc({ issuer: oidcIssuer, audience: [API, 'my-spa'] }),
  keys: 'RS256',
  header: { typ: 'at+jwt' },
  claims: oidcClaims,
  subject: '24601',
  accepted: [
    { what: 'a type with its application/ written out', header: { typ: 'application/at+jwt' } },
    { what: 'an ID token, without a type', header: { typ: undefined }, claims: { aud: 'my-spa' } },
    {
      what: 'a token with many groups',
      claims: { groups: Array.from({ length: 500 }, (_, id) => `g${id}`) },
    },
    { what: 'a token from a clock that is 5 s ahead', claims: { iat: NOW + 5 } },
  ],
  mistakes: [
    {
      what: 'a token for another API',
      claims: { aud: 'https://other.example.com' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /got "https:\/\/other\.example\.com"/,
    },
    {
      what: 'the issuer written with a slash',
      options: { issuer: `${oidcIssuer}/` },
      code: 'TOKEN_ISSUER',
      says: /The issuer differs by a trailing slash: make them match/,
    },
    {
      what: 'an opaque access token',
      token: opaque,
      code: 'TOKEN_SEGMENTS',
      says: /expected header\.payload\.signature/,
    },
  ],
}

const appleUser = '001234.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1234'
const apple: Row = {
  name: 'apple',
  preset: issuers.apple({ clientId: ['com.example.app', 'com.example.web'] }),
  keys: 'RS256',
  header: { typ: undefined },
  claims: {
    iss: 'https://appleid.apple.com',
    aud: 'com.example.app',
    iat: NOW - 60,
    exp: NOW + 86_340,
    sub: appleUser,
    c_hash: 'F7aIUkV4XcYpGZ7kpPRYDg',
    email: 'x5kq2w9d3p@privaterelay.appleid.com',
    email_verified: 'true',
    is_private_email: 'true',
    auth_time: NOW - 60,
    nonce_supported: true,
  },
  subject: appleUser,
  accepted: [{ what: 'a token of the website', claims: { aud: 'com.example.web', email_verified: true } }],
  mistakes: [
    {
      what: 'a token of another app',
      claims: { aud: 'com.example.other' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "com\.example\.app" or "com\.example\.web", got "com\.example\.other"/,
    },
    {
      what: 'the authorization code',
      token: 'c1f7d5e0a2b3c4d5e.0.mrtzy.AbCdEfGhIjKlMn',
      code: 'TOKEN_SEGMENTS',
      says: /expected header\.payload\.signature/,
    },
  ],
}

const workosClient = 'client_01HXYZABCDEF'
const workosClaims = {
  iss: `https://api.workos.com/user_management/${workosClient}`,
  sub: 'user_01HBEQKA6K4QJAS93VPE39W1JT',
  sid: 'session_01HQSXZGF8FHF7A9ZZFCW4387R',
  jti: '01HQSXZXPPFPKMDD32RKTFY6PV',
  org_id: 'org_01HRDMC6CM357W30QMHMQ96Q0S',
  role: 'member',
  permissions: ['posts:read'],
  iat: NOW - 60,
  exp: NOW + 240,
}
const workos: Row = {
  name: 'workos',
  preset: issuers.workos({ clientId: workosClient }),
  keys: 'RS256',
  claims: workosClaims,
  subject: workosClaims.sub,
  accepted: [
    { what: 'a token with the issuer of older environments', claims: { iss: 'https://api.workos.com' } },
  ],
  mistakes: [
    {
      what: 'a token of another environment',
      claims: { iss: 'https://api.workos.com/user_management/client_01HOTHER' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/api\.workos\.com\/user_management\/client_01HOTHER"/,
    },
    {
      what: 'a token that was kept, and not refreshed,',
      claims: { iat: NOW - 400, exp: NOW - 100 },
      code: 'TOKEN_EXPIRED',
      says: /get a new token/,
    },
  ],
}

const kindeClaims = {
  ...times,
  aud: [],
  azp: 'dee7f3c57b3c47e8b96edde2c7ecab7d',
  iss: 'https://my-business.kinde.com',
  jti: 'fbb6bc62-0164-4256-8ea4-8fb9a645b123',
  org_code: 'org_1a2b3c4d5e6',
  permissions: [],
  scp: ['openid', 'profile', 'email', 'offline'],
  sub: 'kp_0123456789abcdef0123456789abcdef',
}
const kinde: Row = {
  name: 'kinde',
  preset: issuers.kinde({ domain: 'my-business.kinde.com', clientId: kindeClaims.azp }),
  keys: 'RS256',
  claims: kindeClaims,
  subject: kindeClaims.sub,
  mistakes: [
    {
      what: 'a token of another application',
      claims: { azp: 'd4d3c5b74e064badb9625a4aa6241bcc' },
      code: 'TOKEN_CLAIM',
      says: /Send a token with another azp/,
    },
    {
      what: 'a token of another business',
      claims: { iss: 'https://other.kinde.com' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/other\.kinde\.com"/,
    },
    {
      what: 'a machine-to-machine token',
      claims: { sub: undefined, gty: ['client_credentials'], scp: undefined },
      code: 'TOKEN_SUBJECT',
      says: /expected sub: a non-empty string, got absent/,
    },
  ],
}

const kindeWithAudience: Row = {
  name: 'kinde, with an API',
  preset: issuers.kinde({ domain: 'my-business.kinde.com', clientId: kindeClaims.azp, audience: API }),
  keys: 'RS256',
  claims: { ...kindeClaims, aud: [API] },
  subject: kindeClaims.sub,
  mistakes: [
    {
      what: 'a token of an app that did not ask for the API',
      claims: { aud: [] },
      code: 'TOKEN_AUDIENCE_INVALID',
      says: /expected "https:\/\/api\.example\.com"/,
    },
  ],
}

const logtoClaims = {
  ...times,
  iss: 'https://my-tenant.logto.app/oidc',
  aud: API,
  sub: 'foo123bar456',
  client_id: 'spa',
  jti: 'x',
  scope: '',
}
const logto: Row = {
  name: 'logto',
  preset: issuers.logto({ endpoint: 'https://my-tenant.logto.app', audience: API }),
  keys: 'ES384',
  header: { typ: 'at+jwt' },
  claims: logtoClaims,
  subject: 'foo123bar456',
  mistakes: [
    {
      what: 'the opaque token that comes when no resource is asked for',
      token: 'bq0JmrV9Y2t0b3duaW5n',
      code: 'TOKEN_SEGMENTS',
      says: /expected header\.payload\.signature/,
    },
    {
      what: 'an ID token',
      header: { typ: undefined },
      claims: { aud: 'spa', nonce: 'n', at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q', scope: undefined },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: notAnIdToken,
    },
    {
      what: 'a token of a tenant that signs with RSA',
      token: mint(logtoClaims, { key: rsaKeys().privateKey, header: { typ: 'at+jwt' } }),
      code: 'TOKEN_ALGORITHM',
      says: /alg: expected ES384, got "RS256"/,
    },
  ],
}

const zitadelClaims = {
  ...times,
  iss: 'https://my-instance-abcdef.zitadel.cloud',
  sub: '229876543210987654',
  aud: ['228840299901583874@my_project', '228840299901583874', '225588557891149953'],
  nbf: NOW - 60,
  client_id: '228840299901583874@my_project',
  jti: 'V2_228840299901583874-at_229876543210987654',
}
const zitadel: Row = {
  name: 'zitadel',
  preset: issuers.zitadel({
    url: 'https://my-instance-abcdef.zitadel.cloud',
    projectId: '225588557891149953',
  }),
  keys: 'RS256',
  claims: zitadelClaims,
  subject: zitadelClaims.sub,
  mistakes: [
    {
      what: 'a token of an application in another project',
      claims: { aud: ['300000000000000000@other', '300000000000000001'] },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "225588557891149953"/,
    },
    {
      what: 'an opaque token, which applications make unless they are told otherwise,',
      token: '0g8tGx2GV9rYpAy7dSQ5Nv4TzbTgAYhP',
      code: 'TOKEN_SEGMENTS',
      says: /expected header\.payload\.signature/,
    },
  ],
}

const authentikClaims = {
  ...times,
  iss: 'https://auth.example.com/application/o/my-app/',
  sub: 'e2d2c1f9b4a35a6f7788990011223344556677889900aabbccddeeff00112233',
  aud: 'RkB3k9cZ1x2v',
  auth_time: NOW - 60,
  acr: 'goauthentik.io/providers/oauth2/default',
  azp: 'RkB3k9cZ1x2v',
  uid: 'n7mIhXbZ',
  scope: 'openid profile email',
}
const authentik: Row = {
  name: 'authentik',
  preset: issuers.authentik({ url: 'https://auth.example.com', slug: 'my-app', clientId: 'RkB3k9cZ1x2v' }),
  keys: 'RS256',
  claims: authentikClaims,
  subject: authentikClaims.sub,
  mistakes: [
    {
      what: 'an ID token',
      claims: {
        azp: undefined,
        uid: undefined,
        scope: undefined,
        nonce: 'n',
        at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
      },
      code: 'TOKEN_CLAIM',
      says: notAnIdToken,
    },
    {
      what: "another application's token",
      claims: { iss: 'https://auth.example.com/application/o/other/', aud: 'x', azp: 'x' },
      code: 'TOKEN_ISSUER',
      says: /got "https:\/\/auth\.example\.com\/application\/o\/other\/"/,
    },
    {
      what: 'a token of a provider without a signing key, which signs with its client secret,',
      token: signedWithSecret(authentikClaims),
      code: 'TOKEN_ALGORITHM',
      says: /alg: expected RS256, got "HS256"/,
    },
  ],
}

const audTag = '4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2'
const cloudflareUser = '7335d417-61da-459d-899c-0a01c76a2f94'
const cloudflareAccess: Row = {
  name: 'cloudflareAccess',
  preset: issuers.cloudflareAccess({ teamDomain: 'my-team.cloudflareaccess.com', audience: audTag }),
  keys: 'RS256',
  claims: {
    ...times,
    aud: [audTag],
    email: 'jean@example.com',
    nbf: NOW - 60,
    iss: 'https://my-team.cloudflareaccess.com',
    type: 'app',
    identity_nonce: '6ei69kawdKzMIAPF',
    sub: cloudflareUser,
    country: 'FR',
  },
  subject: cloudflareUser,
  mistakes: [
    {
      what: 'a token for another application of the team',
      claims: { aud: ['0'.repeat(64)] },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      says: /expected "4714c13/,
    },
    {
      what: "a service token's, which is nobody's,",
      claims: { sub: '', common_name: '88bf3b6d86161464f6509f7219099e57.access', email: undefined },
      code: 'TOKEN_SUBJECT',
      says: /expected sub: a non-empty string/,
    },
  ],
}

export const rows: readonly Row[] = [
  oidc,
  apple,
  workos,
  kinde,
  kindeWithAudience,
  logto,
  zitadel,
  authentik,
  cloudflareAccess,
  auth0,
  okta,
  firebase,
  cognitoForAccess,
  cognitoForId,
  entraVersion2,
  entraVersion1,
  google,
  keycloak,
  keycloakWithAudience,
  clerk,
  clerkNative,
  supabase,
  supabaseRsa,
  supabaseLegacy,
  realmObjectServer,
]
