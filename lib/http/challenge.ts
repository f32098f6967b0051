import type { AuthError } from '../errors.js'

/** What all challenges of one guard say besides the error: where the resource's metadata is (RFC 9728 §5.1). */
export interface Challenge {
  /** Undefined until the guard has a resource: see resource-metadata.ts. */
  resourceMetadata: string | undefined
}

/** Adds `resource_metadata` to an error's `WWW-Authenticate`, if it has one. */
export function challenged(error: AuthError, { resourceMetadata: url }: Challenge): AuthError {
  const said = error.headers['WWW-Authenticate']
  // Several requests that waited for the same failure may share one error.
  if (said === undefined || url === undefined || said.includes(', resource_metadata=')) return error
  return Object.assign(error, {
    headers: { ...error.headers, 'WWW-Authenticate': `${said}, resource_metadata="${url}"` },
  })
}
