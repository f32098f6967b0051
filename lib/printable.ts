/**
 * Text of others', with what would command a terminal, begin a line of its own, or turn the direction of writing shown
 * as escapes. A lone surrogate is none of these, but no text either.
 * @param kept characters that stay
 */
export function printable(text: string, kept = ''): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) =>
    kept.includes(char) ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** The same for all texts among the fields, and in lists of them. Errors stay the objects that they are. */
export function printableFields<Fields extends object>(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]) => [name, printableValue(value)])
  return Object.fromEntries(entries) as Fields
}

function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  return Array.isArray(value) ? value.map(printableValue) : value
}
