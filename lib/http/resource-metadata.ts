import type { IncomingMessage } from 'node:http'
import { ConfigurationError } from '../configuration-error.js'
import { parseIssuerUrl } from '../keys/jwks/issuer-url.js'
import { lenient, listOf, mistake, requireOptions, type ParsersOf } from '../option-parsers.js'
import { describe } from '../problems.js'
import type { Challenge } from './challenge.js'
import { isScope } from './guards.js'
import type { Middleware } from './middleware.js'

/** What `auth.resourceMetadata()` publishes about the app: the parameters of RFC 9728 §2. */
export interface ResourceMetadataOptions {
  /**
   * The URL by which clients know the app: `https:`, without query or fragment (RFC 9728 §1.2); on this machine also
   * `http:`. Clients reject a URL that is neither the one they requested nor a parent of it. It is also the audience of
   * tokens requested with a resource indicator (RFC 8707).
   */
  readonly resource: string
  /**
   * The scopes that clients may ask for: `scopes_supported`. Default: none are listed. Clients of the Model Context
   * Protocol first ask for all of these, and for those of a `requireScopes` once it refuses them.
   */
  readonly scopes?: readonly string[]
  /** The URLs of the issuers that clients get their tokens from. Default: those of the guard's providers. */
  readonly authorizationServers?: readonly string[]
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const MAX_AGE_SECONDS = 3600
const METHODS = 'GET, HEAD, OPTIONS'

const OPTIONS = {
  resource: readResource,
  scopes: lenient(undefined, listWith('Pass scopes such as read:orders, each as a separate string', isScope)),
  authorizationServers: lenient(
    undefined,
    listWith(
      "Pass the issuers' URLs: https:, or http: on this machine",
      (url) => parseIssuerUrl(url) !== undefined,
    ),
  ),
} satisfies ParsersOf<ResourceMetadataOptions>

/**
 * Makes the middleware that serves the metadata, and makes the guard's challenges point to it.
 * @param issuers of the guard's providers; empty when none is known
 * @throws {ConfigurationError} naming every mistake
 */
export function createResourceMetadata(
  options: ResourceMetadataOptions,
  { issuers, challenge }: { readonly issuers: readonly string[]; readonly challenge: Challenge },
): Middleware {
  const at = 'resourceMetadata()'
  const { resource, scopes, authorizationServers } = requireOptions(at, OPTIONS, options)
  const servers = authorizationServers ?? issuers.filter((issuer) => /^https?:\/\//.test(issuer))
  const fail = (option: string, problem: string, fix: string): never => {
    throw new ConfigurationError([{ option, problem, fix }])
  }
  if (servers.length === 0)
    fail(
      `${at}.authorizationServers`,
      'is not set, and no provider has an issuer that is a URL',
      'Set issuer or discover for the provider, or list the authorization servers here',
    )
  if (challenge.resourceMetadata !== undefined)
    fail(at, 'was called before', 'Make a guard for each resource: its challenges can point to only one')

  const { origin, pathname } = new URL(resource)
  // RFC 9728 §3.1: inserted between host and path; a path of just a slash is dropped.
  const path = WELL_KNOWN + (pathname === '/' ? '' : pathname)
  challenge.resourceMetadata = origin + path
  const text = JSON.stringify({
    resource,
    authorization_servers: servers,
    ...(scopes && { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
  })
  const headers = {
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}`,
  }

  return function customJwtAuthResourceMetadata(req: IncomingMessage & { originalUrl?: string }, res, next) {
    // Express strips the mount path from `url`: this may be mounted at the very path, or the app below a prefix.
    if (pathOf(req.url) !== path && pathOf(req.originalUrl) !== path) next()
    else if (req.method === 'GET' || req.method === 'HEAD') {
      const length = Buffer.byteLength(text)
      res.writeHead(200, { ...headers, 'Content-Type': 'application/json', 'Content-Length': length })
      res.end(req.method === 'GET' ? text : undefined)
    } else if (req.method === 'OPTIONS') {
      // Browsers send a preflight request for custom headers such as MCP-Protocol-Version.
      res.writeHead(204, {
        ...headers,
        'Access-Control-Allow-Methods': METHODS,
        'Access-Control-Allow-Headers': '*',
        'Access-Control-Max-Age': MAX_AGE_SECONDS,
      })
      res.end()
    } else {
      res.writeHead(405, { 'Access-Control-Allow-Origin': '*', Allow: METHODS, 'Content-Length': 0 })
      res.end()
    }
  }
}

function pathOf(url: string | undefined): string | undefined {
  return url?.split('?', 1)[0]
}

function readResource(value: unknown): string {
  const fix = 'Pass the URL that clients know the app by, e.g. https://api.example.com/orders'
  if (typeof value !== 'string') throw mistake(`is ${describe(value)}`, fix)
  const url = parseIssuerUrl(value)
  if (!url) throw mistake('is neither an https: URL nor an http: URL on this machine', fix)
  if (/[?#]/.test(value) || url.username + url.password !== '')
    throw mistake('has a query, a fragment or a password', fix)
  // Clients compare it with what they asked for, character by character (RFC 9728 §3.3).
  return value
}

function listWith(fix: string, isGood: (item: string) => boolean) {
  return (value: unknown): readonly string[] => {
    if (!Array.isArray(value) || value.length === 0)
      throw mistake(Array.isArray(value) ? 'is empty' : `is ${describe(value)}`, fix)
    return listOf((item) => {
      if (typeof item === 'string' && isGood(item)) return item
      throw mistake(typeof item === 'string' ? 'is not one' : `is ${describe(item)}`, fix)
    })(value)
  }
}
