import { checked, ISSUER_DEFAULTS, text } from './parameters.js'

/**
 * Options for the ID tokens of Firebase Authentication, with the metadata fields of the original service's recipe.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#firebase
 */
export function firebase(parameters: {
  /** E.g. `my-project-1a2b3`. */
  readonly projectId: string
}) {
  const { projectId } = checked('firebase', parameters, {
    projectId: text(
      'Pass the project ID (Project settings > General), e.g. my-project-1a2b3',
      [/^\d+$/, 'is a project number'],
      [/^1:/, 'is an app ID'],
      [/\.(?:firebaseapp\.com|web\.app)\/?$/, 'is the domain of an app'],
      [/[^a-z0-9.:-]/, 'is not a project ID'],
    ),
  })
  return {
    // The keys as a JWKS. The better known URL, …/robot/v1/metadata/x509/…, serves certificates.
    jwkUri: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
    issuer: `https://securetoken.google.com/${projectId}`,
    audience: [projectId],
    ...ISSUER_DEFAULTS,
    metadataFields: [
      { name: 'firebase.identities.email', fieldName: 'emails' },
      { name: 'firebase.sign_in_provider', fieldName: 'signInProvider' },
      { name: 'user_id', fieldName: 'userId' },
      { name: 'email_verified', fieldName: 'emailVerified' },
      { name: 'email', fieldName: 'email' },
    ],
  } as const
}
