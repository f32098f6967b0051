import type { AuthError } from '../errors.js'

/** What all challenges of one guard say beyond what is wrong: where the resource's metadata is (RFC 9728 §5.1). */
export interface Challenge {
  /** Undefined until the guard has a resource: see resource-metadata.ts. */
  resourceMetadata: string | undefined
}

/** Completes the `WWW-Authenticate` of an error that has one. */
export function challenged(error: AuthError, { resourceMetadata: url }: Challenge): AuthError {
  const said = error.headers['WWW-Authenticate']
  // Several requests may have waited for one failure, whose error they share.
  if (said === undefined || url === undefined || said.includes(', resource_metadata=')) return error
  return Object.assign(error, {
    headers: { ...error.headers, 'WWW-Authenticate': `${said}, resource_metadata="${url}"` },
  })
}
