// The mutants of a regular expression, which are those of Stryker by default: without an anchor or a quantifier, with a
// class or a lookaround turned round.

const PARTS =
  /\\(?:[pPuUxck]\{[^}]*\}|u[0-9a-f]{4}|x[0-9a-f]{2}|.)|\[\^?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|:|<\w+>)?|[*+?](?!\?)|\{\d+(?:,\d*)?\}|[$^]|./gisu

/** @param {string} literal with its slashes and flags */
export function patternsOf(literal) {
  const end = literal.lastIndexOf('/')
  const parts = literal.slice(1, end).match(PARTS) ?? []
  return parts.flatMap((part, index) =>
    othersOf(part).map((other) => `/${parts.with(index, other).join('') || '(?:)'}${literal.slice(end)}`),
  )
}

function othersOf(part) {
  if (/^[$^*+?]$|^\{\d/.test(part)) return ['']
  if (part.startsWith('[')) return [part.startsWith('[^') ? `[${part.slice(2)}` : `[^${part.slice(1)}`]
  if (/^\\[dwspb]/i.test(part)) return [swapCase(part)]
  if (/^\(\?<?[=!]/.test(part)) return [part.endsWith('=') ? part.replace('=', '!') : part.replace('!', '=')]
  return []
}

function swapCase(escape) {
  const [, letter = ''] = escape
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
  return `\\${other}${escape.slice(2)}`
}
