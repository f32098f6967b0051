import { join } from 'node:path'
import type { Problems } from '../problems.js'
import { isThere, listFolder, placeOf, readJson, type Section } from './exported-file.js'
import { isBag, isText, type Bag } from './report.js'
import { findSecret, namesOfSecret, type Secrets } from './secrets.js'

/** An expression alone, whose value may be of any type, or one in the middle of a text. */
const WHOLE = /^(?:%\(\s*(%%[^()]*)\)|(%%[\w.-]+))$/
const EMBEDDED = /%\(\s*(%%[^()]*)\)/g
const ENVIRONMENT = '%%environment.values.'
const VALUE = '%%values.'
const IN_PLACE = 'write the value in its place'

interface Parts {
  readonly folder: string | undefined
  /** The environment whose values count. */
  readonly environment: string
  readonly secrets: Secrets
  readonly problems: Problems
}

/** Replaces template expressions with the values from `values/` and `environments/` that they name. */
export class Templates {
  readonly #parts: Parts
  readonly #files = new Map<string, Bag | undefined>()
  readonly #secrets = new Set<string>()
  #refused = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A section with all of its expressions expanded; undefined when one cannot be, which is reported. */
  expandSection(section: Section): Section | undefined {
    const before = this.#refused
    const entries = Object.entries(section.content).map(
      ([key, value]) => [key, this.expand(value, placeOf(section, key))] as const,
    )
    return this.#refused > before ? undefined : { ...section, content: Object.fromEntries(entries) }
  }

  /** @param place the name of the value in messages */
  expand(value: unknown, place: string): unknown {
    if (Array.isArray(value))
      return value.map((item: unknown, index) => this.expand(item, `${place}[${index}]`))
    if (isBag(value))
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, this.expand(item, `${place}.${key}`)]),
      )
    return typeof value === 'string' ? this.#expandText(value, place) : value
  }

  /** A value as messages may show it. */
  show(value: unknown): string {
    const text = JSON.stringify(value)
    const isSecret = [...this.#secrets].some((secret) => text.includes(JSON.stringify(secret).slice(1, -1)))
    if (isSecret) return 'the value of a secret'
    return text.length > 200 ? `${text.slice(0, 200)}…` : text
  }

  #expandText(text: string, place: string): unknown {
    if (!text.includes('%%')) return text
    const [, inner, bare] = WHOLE.exec(text) ?? []
    const whole = inner?.trimEnd() ?? bare
    if (whole !== undefined) return this.#valueOf(whole, text, place)
    const expanded = text.replaceAll(EMBEDDED, (_, expression: string) => {
      const value = this.#valueOf(expression.trimEnd(), text, place)
      return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
    })
    if (!text.replaceAll(EMBEDDED, '').includes('%%')) return expanded
    this.#refuse(
      place,
      text,
      'has an expression that is not understood',
      `Write it as %(%%…), or ${IN_PLACE}`,
    )
    return expanded
  }

  #valueOf(expression: string, text: string, place: string): unknown {
    const { folder, environment } = this.#parts
    if (expression === '%%environment.tag') return environment
    const kind = [ENVIRONMENT, VALUE].find((prefix) => expression.startsWith(prefix))
    if (kind === undefined) {
      const what = 'which stands for nothing that an exported folder holds'
      return this.#refuse(place, text, what, `Remove it, or ${IN_PLACE}`)
    }
    if (folder === undefined) {
      const what = 'whose value is in another file of the export'
      return this.#refuse(place, text, what, `Pass the folder of the exported app, or ${IN_PLACE}`)
    }
    const name = expression.slice(kind.length)
    return kind === VALUE
      ? this.#constant(folder, name, text, place)
      : this.#environmentValue(folder, name, text, place)
  }

  #environmentValue(folder: string, name: string, text: string, place: string): unknown {
    const { environment } = this.#parts
    const file = `environments/${environment}.json`
    const content = this.#read(folder, file)
    if (!content) return this.#giveUp()
    const { values } = content
    const value = isBag(values) && Object.hasOwn(values, name) ? values[name] : undefined
    if (value !== undefined && value !== '') return value
    const there = listFolder(join(folder, 'environments')).entries.map((entry) =>
      entry.name.replace(/\.json$/, ''),
    )
    const others = there.filter((other) => {
      const { values: theirs } = this.#read(folder, `environments/${other}.json`) ?? {}
      return isBag(theirs) && Object.hasOwn(theirs, name) && theirs[name] !== ''
    })
    const fix =
      others.length === 0
        ? `Write the value into ${file}, or in its place`
        : `Pass environment (on the command line, --environment): ${others.join(' or ')}`
    return this.#refuse(place, text, `whose value is not in ${file}`, fix)
  }

  #constant(folder: string, name: string, text: string, place: string): unknown {
    const file = `values/${name}.json`
    const content = this.#read(folder, file)
    if (!content) return this.#giveUp()
    const { value, from_secret: isSecret } = content
    if (isSecret !== true && value !== undefined && value !== '') return value
    if (isSecret !== true || !isText(value))
      return this.#refuse(
        place,
        text,
        `whose value is not in ${file}`,
        `Write the value there, or in its place`,
      )
    const secret = findSecret(value, this.#parts.secrets)
    if (secret !== undefined) {
      this.#secrets.add(secret)
      return secret
    }
    const variable = namesOfSecret(value)[1] ?? value
    const what = `whose value is the secret "${value}", which has no value`
    return this.#refuse(place, text, what, `Pass it in secrets, or set the environment variable ${variable}`)
  }

  /**
   * The content of a file, read only when an expression names it, since most files are never named. Empty when it does
   * not exist; undefined when it cannot be read, which is reported.
   */
  #read(folder: string, name: string): Bag | undefined {
    if (!this.#files.has(name)) {
      const isSane = /^[\w./-]+$/.test(name) && !name.includes('..')
      const path = join(folder, name)
      const found = isSane && isThere(path)
      const content = found ? readJson(path, name, this.#parts.problems, true).content : {}
      this.#files.set(name, isBag(content) ? content : undefined)
    }
    return this.#files.get(name)
  }

  #refuse(place: string, text: string, what: string, fix: string): unknown {
    this.#parts.problems.add(place, `is ${this.show(text)}, ${what}`, fix)
    return this.#giveUp()
  }

  #giveUp(): unknown {
    this.#refused += 1
    return undefined
  }
}
