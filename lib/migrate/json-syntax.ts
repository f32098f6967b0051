/** Where a JSON text breaks, and what is wrong there. */
export interface SyntaxFault {
  /** Counted from 1, as editors do. */
  readonly line: number
  readonly column: number
  readonly what: string
  /** The line with a caret below the place, for people. */
  readonly excerpt: string
}

const TOKEN =
  // eslint-disable-next-line no-control-regex -- JSON forbids them in strings
  /[ \t\r\n]*(?:([[\]{},:])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.]))/y
const EXCERPT_LENGTH = 100

/**
 * What comes next: a value, a value or the end of an array that has none yet, a key, a key or the end of an object that
 * has none yet, the colon after a key, or a comma or the end of what is open.
 */
type Next = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'separator'

const MISSING: Readonly<Record<Next, string>> = {
  value: 'a value is missing before this',
  'first value': 'a value is missing before this',
  key: 'a name in double quotes is missing before this',
  'first key': 'a name in double quotes is missing before this',
  colon: 'a colon is missing before this',
  separator: 'a comma is missing before this',
}

/** Finds the first place where a text is not JSON; undefined when it is. JSON.parse says too little, and does not always say where. */
export function findSyntaxFault(text: string): SyntaxFault | undefined {
  const open: ('{' | '[')[] = []
  let next: Next = 'value'
  let commaAt: number | undefined // of the comma just read
  let at = 0
  while (next !== 'separator' || open.length > 0) {
    TOKEN.lastIndex = at
    const [token, mark, string] = TOKEN.exec(text) ?? []
    const start = token === undefined ? at + blanksAt(text, at) : TOKEN.lastIndex - token.trimStart().length
    const isEnd = mark === (open.at(-1) === '{' ? '}' : ']')
    if (isEnd && (next === 'separator' || next === (mark === '}' ? 'first key' : 'first value'))) {
      open.pop()
      next = 'separator'
    } else if (isEnd && commaAt !== undefined) return faultAt(text, commaAt, 'a comma with nothing after it')
    else if (next === 'separator' && mark === ',') next = open.at(-1) === '{' ? 'key' : 'value'
    else if (next === 'colon' && mark === ':') next = 'value'
    else if ((next === 'key' || next === 'first key') && string !== undefined) next = 'colon'
    else if ((next === 'value' || next === 'first value') && (mark === '{' || mark === '[')) {
      open.push(mark)
      next = mark === '{' ? 'first key' : 'first value'
    } else if ((next === 'value' || next === 'first value') && token !== undefined && mark === undefined)
      next = 'separator'
    else return faultAt(text, start, describeFault(text, start, next, token !== undefined))
    commaAt = mark === ',' ? start : undefined
    at = TOKEN.lastIndex
  }
  const rest = at + blanksAt(text, at)
  return rest === text.length ? undefined : faultAt(text, rest, 'something follows the end')
}

function describeFault(text: string, at: number, next: Next, isToken: boolean): string {
  if (at >= text.length) return 'the text ends too early'
  if (isToken) return MISSING[next]
  if (text.startsWith('//', at) || text.startsWith('/*', at)) return 'JSON has no comments'
  if (text.startsWith("'", at)) return 'JSON has double quotes only'
  if (text.startsWith('"', at)) return 'this string has no end, or something in it that JSON does not have'
  return 'this is not JSON'
}

function blanksAt(text: string, at: number): number {
  let end = at
  while (' \t\r\n'.includes(text.charAt(end)) && end < text.length) end += 1
  return end - at
}

function faultAt(text: string, at: number, what: string): SyntaxFault {
  const begin = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  const line = text.slice(0, begin).split('\n').length
  const whole = text.slice(begin, end < 0 ? undefined : end).trimEnd()
  // Of a file in one line, what stands around the place.
  const cut = Math.max(0, at - begin - EXCERPT_LENGTH / 2)
  const shown = whole.slice(cut, cut + EXCERPT_LENGTH).replaceAll('\t', ' ')
  const number = `${line} | `
  const excerpt = `${number}${shown}\n${' '.repeat(number.length + at - begin - cut)}^`
  return { line, column: at - begin + 1, what, excerpt }
}
