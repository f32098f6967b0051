import { VERSION } from '../../version.js'
import type { JwksOptions } from './jwks-options.js'

/** How requests to an issuer are made. */
export interface RequestRules {
  readonly headers: Readonly<Record<string, string>>
  /** The only origin that gets the headers, wherever a document leads. */
  readonly headersFor: string
  readonly agent: JwksOptions['agent']
  readonly fetch: JwksOptions['fetch']
}

/** In lower case, so that the app's headers replace ours. A URL's user and password become a header. */
export function headersFor(url: URL, { headers, headersFor }: RequestRules): Record<string, string> {
  const own = url.origin === headersFor ? Object.entries(headers) : []
  const { username, password } = url
  return {
    accept: 'application/json',
    // Some firewalls refuse requests without one.
    'user-agent': `custom-jwt-auth/${VERSION}`,
    ...(username + password !== '' && {
      authorization: `Basic ${basicCredentials(url)}`,
    }),
    ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), value])),
  }
}

/** The parts of a request that are secret, in the forms in which an error message may contain them. */
export function secretsOf(url: URL, rules: RequestRules): string[] {
  const { username, password, search, searchParams } = url
  const headers = Object.values(rules.headers).flatMap((value) => value.split(/\s/))
  // Both as written in the URL and decoded.
  const sent = [username, password, ...search.slice(1).split('&').map(afterEquals)]
  const inUrl = [...sent.flatMap((text) => [text, decoded(text)]), ...searchParams.values()]
  return [...inUrl, basicCredentials(url), ...headers].filter((text) => text !== '')
}

function basicCredentials({ username, password }: URL): string {
  return Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')
}

function afterEquals(parameter: string): string {
  return parameter.slice(parameter.indexOf('=') + 1)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // it is not encoded
  }
}
