/**
 * Untrusted text, with everything escaped that could control a terminal, begin a new line, or change the direction of
 * the text. Lone surrogates are escaped too, since they are not valid Unicode.
 * @param kept characters to leave as they are
 */
export function printable(text: string, kept = ''): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) =>
    kept.includes(char) ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** The same for every string among the fields, also in arrays. Errors are left as they are. */
export function printableFields<Fields extends object>(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]) => [name, printableValue(value)])
  return Object.fromEntries(entries) as Fields
}

function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  return Array.isArray(value) ? value.map(printableValue) : value
}
