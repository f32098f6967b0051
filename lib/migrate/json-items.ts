/** One item of a list of JSON texts, and where it begins. */
export interface JsonItem {
  readonly text: string
  /** Counted from 1. */
  readonly line: number
}

/** An item that has no end within this many characters is damage; without a bound, it would be kept in memory whole. */
const MAX_ITEM_LENGTH = 1_000_000
const SPACE = /\s/
/** The list as the one member of an object. */
const WRAPPER = /^\{\s*"users"\s*:\s*\[/
/** Enough to tell an array, such an object, and lines. */
const HEAD_LENGTH = 64

/** The file as a whole cannot be read as a list of JSON texts. */
export class JsonItemsError extends Error {}

/**
 * Splits what is read into the items of a JSON array, or of several in a row, or into lines (JSON Lines), whichever it
 * begins with. Only the item at hand is kept in memory. Items are not parsed: of a damaged one the rest seldom suffers.
 * @throws {JsonItemsError} when the text is neither, ends in the middle, or has an item of more than a million characters
 */
export async function* splitJsonItems(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonItem> {
  let splitter: ArraySplitter | LineSplitter | undefined
  let head = ''
  let blankLines = 0
  for await (const text of decode(chunks)) {
    if (splitter) {
      yield* splitter.take(text)
      continue
    }
    head += text
    const begin = head.trimStart()
    blankLines += countLines(head.slice(0, head.length - begin.length))
    head = begin
    if (head.length < HEAD_LENGTH) continue
    splitter = splitterFor(head, blankLines)
    yield* splitter.take(head)
  }
  if (!splitter) {
    splitter = splitterFor(head, blankLines)
    yield* splitter.take(head)
  }
  yield* splitter.end()
}

function splitterFor(head: string, linesBefore: number): ArraySplitter | LineSplitter {
  if (head.startsWith('[')) return new ArraySplitter(linesBefore, false)
  return WRAPPER.test(head) ? new ArraySplitter(linesBefore, true) : new LineSplitter(linesBefore)
}

function countLines(text: string): number {
  return text.split('\n').length - 1
}

async function* decode(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Fatal: a damaged subject would be another subject.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
    yield decoder.decode()
  } catch (error) {
    if (error instanceof TypeError && 'code' in error)
      throw new JsonItemsError('the file is not UTF-8: convert it, e.g. with iconv -f UTF-16 -t UTF-8')
    throw error
  }
}

/** Lines that are not blank. */
class LineSplitter {
  #rest = ''
  #line: number

  constructor(linesBefore: number) {
    this.#line = linesBefore
  }

  *take(text: string): Generator<JsonItem> {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) yield* this.#item(line)
    if (this.#rest.length > MAX_ITEM_LENGTH) throw tooLong(this.#line + 1)
  }

  *end(): Generator<JsonItem> {
    yield* this.#item(this.#rest)
  }

  *#item(text: string): Generator<JsonItem> {
    this.#line += 1
    if (text.trim() !== '') yield { text, line: this.#line }
  }
}

/** What stands between the commas of an array: strings and brackets are followed, nothing else is looked at. */
class ArraySplitter {
  /** The item so far. */
  #item = ''
  #line: number
  #itemLine: number
  /** Whether the array has begun. */
  #hasBegun = false
  /** 0 outside of the array, 1 between its items, more within one. */
  #depth = 0
  #inString = false
  #isEscaped = false

  /** Whether an object is around the array that has nothing else in it. */
  #isWrapped: boolean

  constructor(linesBefore: number, isWrapped: boolean) {
    this.#line = linesBefore + 1
    this.#itemLine = this.#line
    this.#isWrapped = isWrapped
  }

  *take(text: string): Generator<JsonItem> {
    let start = 0 // of what belongs to the item
    for (let at = 0; at < text.length; at += 1) {
      const char = text.charAt(at)
      if (char === '\n') this.#line += 1
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (char === '\\') this.#isEscaped = true
        else if (char === '"') this.#inString = false
      } else if (this.#depth === 0) {
        if (char === '[') {
          this.#depth = 1
          this.#hasBegun = true
        } else if (this.#isWrapped && (char === '}' || !this.#hasBegun)) this.#isWrapped = char !== '}'
        else if (!SPACE.test(char))
          throw new JsonItemsError(`line ${this.#line}: something follows the end of the array`)
        start = at + 1
        this.#itemLine = this.#line
      } else if (this.#depth === 1 && (char === ',' || char === ']')) {
        yield* this.#finish(text.slice(start, at))
        start = at + 1
        if (char === ']') this.#depth = 0
      } else if (char === '"') this.#inString = true
      else if (char === '{' || char === '[') this.#depth += 1
      else if ((char === '}' || char === ']') && this.#depth > 1) this.#depth -= 1
      if (this.#item === '' && start === at && SPACE.test(char)) {
        start = at + 1
        this.#itemLine = this.#line
      }
    }
    this.#item += text.slice(start)
    if (this.#item.length > MAX_ITEM_LENGTH) throw tooLong(this.#itemLine)
  }

  end(): JsonItem[] {
    if (this.#depth === 0) return []
    const where = this.#item.trim() === '' ? '' : `, in the middle of the user of line ${this.#itemLine}`
    throw new JsonItemsError(`line ${this.#line}: the file ends before the array does${where}`)
  }

  *#finish(last: string): Generator<JsonItem> {
    const text = (this.#item + last).trim()
    if (text !== '') yield { text, line: this.#itemLine }
    this.#item = ''
    this.#itemLine = this.#line
  }
}

function tooLong(line: number): JsonItemsError {
  return new JsonItemsError(`line ${line}: no end of the item within ${MAX_ITEM_LENGTH} characters`)
}
