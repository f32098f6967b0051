/** A URL in a sentence. The bound of the scheme's length keeps the search linear. */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)([^\s'"`<>]+)/gi

/**
 * The message of an error that is not ours: from a driver, the system or a configuration file. Its URLs are shown
 * without user, password and query, which may be secret.
 */
export function foreignMessage(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  const message = error instanceof Error ? error.message : String(error)
  return withoutUrlSecrets(message === '' && typeof code === 'string' ? code : message)
}

/** The same for any text. */
export function withoutUrlSecrets(text: string): string {
  return text.replace(URL_IN_TEXT, (_url, scheme: string, rest: string) => {
    const at = rest.lastIndexOf('@')
    const query = rest.search(/[?#]/)
    // It may be a query with an @ or a password with a ?, which cannot be distinguished.
    if (query !== -1 && query < at) return `${scheme}…`
    const shown = rest.slice(at + 1, query === -1 ? undefined : query)
    return query === -1 ? scheme + shown : `${scheme}${shown}?…`
  })
}
