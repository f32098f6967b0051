// Reads tokens without verifying them.

/** The payload of a token. */
export function payloadOf(token: string): Record<string, unknown> {
  return segment(token, 1)
}

/** The header of a token. */
export function headerOf(token: string): Record<string, unknown> {
  return segment(token, 0)
}

function segment(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
}
