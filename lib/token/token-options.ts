import type { Algorithm } from '../keys/key-source.js'
import {
  boolean,
  integer,
  lenient,
  mistake,
  optional,
  text,
  type Parsed,
  type ParsersOf,
} from '../option-parsers.js'
import { describe, Problems } from '../problems.js'
import type { JsonValue } from '../user.js'
import { readMetadataFields, type MetadataField, type NoOtherKeys } from './metadata-options.js'

/** A value that `requiredClaims` can require. */
export type ClaimValue = string | number | boolean

/** What a third-party token must satisfy, and what the user gets from it. */
export interface TokenOptions<Fields extends readonly MetadataField[] = readonly MetadataField[]> {
  /**
   * The audience of the tokens, instead of `appId`: one, a comma-separated list, or an array. `null` accepts any, for
   * issuers whose tokens have no audience: then use `requiredClaims` to tell this app's tokens from others.
   */
  readonly audience?: string | readonly string[] | null
  /** Whether one of several audiences is enough. Default: false: all of them must be present. */
  readonly requireAnyAudience?: boolean
  /** The exact `iss` of the tokens, or several. Default: not checked, so that the keys alone decide. */
  readonly issuer?: string | readonly string[]
  /** The claim with the user's unique id at the issuer. Default: `sub`. */
  readonly subjectClaim?: string
  /** Additional claims that a token must have, each with one exact value or one of several. Default: none. */
  readonly requiredClaims?: Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>
  /** Allowed `typ` headers, in any case, `null` for none. Default: `JWT`; with `discover`, also `at+jwt` and `null`. */
  readonly allowedTypes?: readonly (string | null)[]
  /** How many seconds the issuer's clock may be off: 0 to 600. Default: 0. */
  readonly clockToleranceSeconds?: number
  /**
   * The maximum age of a token by its `iat`, which is then required: 1 to 315 360 000. Default: none; only `exp` limits
   * a token's life.
   */
  readonly maxTokenAgeSeconds?: number
  /**
   * The longest third-party token, in characters. Default: 2048, with `discover` 8192. Node limits headers to 16 KB.
   */
  readonly maxTokenLength?: number
  /** The maximum length of a metadata field, in characters of JSON. Default: 4096. */
  readonly maxFieldLength?: number
  /** Which claims become fields of `user.data`. Default: none. */
  readonly metadataFields?: Fields & NoOtherKeys<Fields>
}

/** The limits of App Services. */
const DEFAULTS = { allowedTypes: ['JWT'], maxTokenLength: 2048 }

/** For OpenID providers: their access tokens are `at+jwt` (RFC 9068) or bare, and groups and roles make them long. */
export const OPENID_DEFAULTS = { allowedTypes: ['JWT', 'at+jwt', null], maxTokenLength: 8192 } as const

/** Exported because declarations name it. */
export const ANY = Symbol('any audience')

/** How each option of tokens is parsed. */
export const TOKEN_OPTIONS = {
  // Present but undefined means an environment variable that is not set, not the default.
  audience: optional(readAudience),
  requireAnyAudience: boolean({ default: false }),
  // Not split at commas: a URL may contain them.
  issuer: optional((value: unknown) => readNames('iss', value)),
  subjectClaim: optional(text('Pass the name of a claim'), 'sub'),
  requiredClaims: optional(readRequiredClaims, []),
  // The defaults of allowedTypes and maxTokenLength depend on where the keys come from.
  allowedTypes: lenient(undefined, readTypes),
  clockToleranceSeconds: integer({ default: 0, min: 0, max: 600 }),
  maxTokenAgeSeconds: lenient(undefined, integer({ default: 0, min: 1, max: 315_360_000 })),
  maxTokenLength: lenient(undefined, integer({ default: 0, min: 1, max: 200_000 })),
  maxFieldLength: integer({ default: 4096, min: 1, max: 1_000_000 }),
  metadataFields: lenient([], readMetadataFields),
} satisfies ParsersOf<TokenOptions>

/** A claim that must have one of several values. */
export interface RequiredClaim {
  readonly name: string
  readonly values: readonly JsonValue[]
}

type ParsedTokenOptions = Parsed<typeof TOKEN_OPTIONS>

/** What a third-party token must satisfy: the options, parsed. */
export interface TokenRules extends Omit<
  ParsedTokenOptions,
  'audience' | 'issuer' | 'allowedTypes' | 'maxTokenLength'
> {
  /** All algorithms that there are keys for. Each key allows only its own. */
  readonly algorithms: readonly Algorithm[]
  /** Undefined when the app explicitly accepts any audience. */
  readonly audience: readonly string[] | undefined
  readonly allowedTypes: ReadonlySet<string | null>
  readonly maxTokenLength: number
  /** Undefined when the keys alone identify the issuer. */
  readonly issuer: readonly string[] | undefined
}

/** Completes the token options with defaults from other options. */
export function tokenRules(
  { audience = [], issuer, allowedTypes, maxTokenLength, ...options }: ParsedTokenOptions,
  defaults: { appId: string; algorithms: readonly Algorithm[]; issuer: string | undefined },
): TokenRules {
  const fallback = defaults.issuer === undefined ? DEFAULTS : OPENID_DEFAULTS
  return Object.freeze({
    ...options,
    allowedTypes: allowedTypes ?? readTypes(fallback.allowedTypes),
    maxTokenLength: maxTokenLength ?? fallback.maxTokenLength,
    algorithms: defaults.algorithms,
    audience: audience === ANY ? undefined : audience.length > 0 ? audience : Object.freeze([defaults.appId]),
    issuer: issuer ?? (defaults.issuer === undefined ? undefined : Object.freeze([defaults.issuer])),
  })
}

function readNames(claim: 'aud' | 'iss', value: unknown): readonly string[] {
  const isGood = (name: unknown): name is string => typeof name === 'string' && name.trim() !== ''
  const names = typeof value === 'string' ? [value] : value
  if (Array.isArray(names) && names.length > 0 && names.every(isGood)) return Object.freeze([...names])
  throw namesMistake(claim, value)
}

function namesMistake(claim: 'aud' | 'iss', value: unknown) {
  return mistake(
    Array.isArray(value) ? 'is empty, or an element is blank or not a string' : `is ${describe(value)}`,
    `Pass what the issuer puts into ${claim}: a string, or an array of strings`,
  )
}

function readAudience(value: unknown): readonly string[] | typeof ANY {
  if (value === null) return ANY
  if (typeof value !== 'string') return readNames('aud', value)
  const names = value.split(',').map((name) => name.trim())
  if (!names.includes('')) return Object.freeze(names)
  throw namesMistake('aud', value)
}

function readRequiredClaims(value: unknown): readonly RequiredClaim[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw mistake(`is ${describe(value)}`, "Pass an object such as { azp: 'my-client' }")
  const problems = new Problems()
  const claims = Object.entries(value).map(([name, wanted]: [string, unknown]) => {
    const values: unknown[] = Array.isArray(wanted) ? [...(wanted as unknown[])] : [wanted]
    if (values.length === 0 || !values.every(isClaimValue))
      problems.add(`.${name}`, 'is not a value', 'Pass a string, number or boolean, or an array of them')
    return Object.freeze({ name, values: values as string[] })
  })
  problems.throwIfAny()
  return Object.freeze(claims)
}

// JSON allows 1e400, which parses as Infinity: a number that is not finite cannot be required.
function isClaimValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

/**
 * A type in the form used for comparison: in lower case, without the optional `application/` (RFC 7515 §4.1.9). `null`
 * means that there is none.
 */
export function normalizeType(typ: unknown): string | null {
  if (typ === undefined) return null
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : ''
}

/** In lower case; `null` means no `typ`. */
function readTypes(list: unknown): ReadonlySet<string | null> {
  const isGood = (type: unknown): type is string | null =>
    type === null || (typeof type === 'string' && type !== '')
  if (Array.isArray(list) && list.length > 0 && list.every(isGood))
    return new Set(list.map((type) => normalizeType(type ?? undefined)))
  throw mistake('is not a list of types', "Pass an array such as ['JWT', 'at+jwt', null]")
}
