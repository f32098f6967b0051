/** Identifies the request that a log line or an event is about. */
export interface AboutRequest {
  /** `req.id`, where the app's logger set one. */
  readonly requestId?: string | number
  readonly method?: string
  /** Without the query, which may hold a secret. */
  readonly path?: string
}

const SHOWN_ID_LENGTH = 100
const SHOWN_METHOD_LENGTH = 20
const SHOWN_PATH_LENGTH = 200
/** More than the longest path that is shown, with an origin in front of it. */
const READ_LENGTH = 2000
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i

/** Reads what is there, never a header: clients control all but the id, and not every source is a request. */
export function aboutRequest(source: unknown): AboutRequest {
  if (typeof source !== 'object' || source === null) return {}
  const { id, method, url, originalUrl = url } = source as Readonly<Record<string, unknown>>
  const isId = typeof id === 'string' || Number.isFinite(id)
  return {
    ...(isId && { requestId: typeof id === 'string' ? id.slice(0, SHOWN_ID_LENGTH) : Number(id) }),
    ...(typeof method === 'string' && { method: method.slice(0, SHOWN_METHOD_LENGTH) }),
    ...(typeof originalUrl === 'string' && { path: pathOf(originalUrl) }),
  }
}

function pathOf(url: string): string {
  const [path = ''] = url.slice(0, READ_LENGTH).replace(ORIGIN, '').split(/[?#]/, 1)
  return path.slice(0, SHOWN_PATH_LENGTH)
}
