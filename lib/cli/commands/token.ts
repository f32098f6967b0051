import { sign as signBytes, type KeyObject } from 'node:crypto'
import { ALGORITHMS, type Algorithm } from '../../keys/key-source.js'
import { parsePath } from '../../token/metadata-options.js'
import { defineCommand, UsageError } from '../command.js'
import { KEY_FLAGS, loadEnvFile, readSigningKey } from '../keys.js'
import { printJson, printLines } from '../terminal.js'
import { foreignMessage } from '../foreign-message.js'

type Claims = Record<string, unknown>

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `custom-jwt-auth token`. */
export const token = defineCommand({
  name: 'token',
  about: 'Mint a test token',
  args: [],
  flags: {
    sub: { type: 'string', value: '<id>', about: "The user's unique id at the issuer (required)" },
    aud: { type: 'string', value: '<id>', multiple: true, about: 'Who it is for: the App ID (required)' },
    iss: { type: 'string', value: '<url>', about: 'The issuer' },
    'expires-in': {
      type: 'string',
      value: '<time>',
      about: '90, 90s, 5m (default), 2h or 7d; =-1m: expired',
    },
    claim: {
      type: 'string',
      value: '<path=value>',
      multiple: true,
      about: 'A claim; JSON when the value is JSON, otherwise text; dots in the path nest, \\. is a dot',
    },
    alg: { type: 'string', value: '<name>', about: 'Default: what the key is for' },
    kid: { type: 'string', value: '<id>', about: "The key's id, for the header" },
    ...KEY_FLAGS,
  },
  notes: ['The key is a secret, or a private key as PEM. Only the token goes to standard output.'],
  examples: [
    'npx custom-jwt-auth token --dotenv .env --sub 24601 --aud myapp-abcde --claim user_data.name="Jean Valjean"',
    'npx custom-jwt-auth token --key-file keys/private.pem --sub 24601 --aud web --aud mobile --expires-in 1h',
    'curl -H "jwtTokenString: $(npx custom-jwt-auth token --dotenv .env --sub 24601 --aud myapp-abcde)" …',
  ],
  async run({ values, json }) {
    const { sub, aud = [], iss, kid } = values
    if (sub === undefined || aud.length === 0) throw new UsageError('--sub and --aud are required')
    loadEnvFile(values)
    const wanted = ALGORITHMS.find((name) => name === values.alg)
    if (values.alg !== undefined && !wanted) throw new UsageError(`--alg is one of ${ALGORITHMS.join(', ')}`)
    const { key, algorithm } = readSigningKey(values, wanted)
    const iat = Math.floor(Date.now() / 1000)
    const claims: Claims = {
      ...(iss !== undefined && { iss }),
      sub,
      aud: aud.length === 1 ? aud[0] : aud,
      iat,
      exp: iat + readSeconds(values['expires-in'] ?? '5m'),
    }
    for (const text of values.claim ?? []) setClaim(claims, text)
    const options = { algorithm, ...(kid !== undefined && { keyid: kid }) }
    const minted = await sign(claims, key, options)
    if (json) printJson({ token: minted, header: { alg: algorithm, typ: 'JWT', kid }, claims })
    else printLines(minted)
    return 0
  },
})

async function sign(
  claims: Claims,
  key: KeyObject,
  { algorithm, keyid }: { algorithm: Algorithm; keyid?: string },
): Promise<string> {
  if (algorithm === 'EdDSA') return signEdDsa(claims, key, keyid)
  const { default: jwt } = await import('jsonwebtoken')
  try {
    return jwt.sign(claims, key, { algorithm, ...(keyid !== undefined && { keyid }) })
  } catch (error) {
    // jsonwebtoken refuses what no issuer would write, such as "exp" as a string, and says so.
    throw new UsageError(foreignMessage(error))
  }
}

/** RFC 8037, which jsonwebtoken does not know. */
function signEdDsa(claims: Claims, key: KeyObject, kid: string | undefined): string {
  const content = [{ alg: 'EdDSA', typ: 'JWT', kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${content}.${signBytes(null, Buffer.from(content), key).toString('base64url')}`
}

function readSeconds(text: string): number {
  const [, number, unit = 's'] = /^(-?\d{1,9})([smhd]?)$/.exec(text) ?? []
  if (number === undefined) throw new UsageError('--expires-in is a time such as 90, 90s, 5m, 2h or 7d')
  return Number(number) * SECONDS[(unit === '' ? 's' : unit) as keyof typeof SECONDS]
}

function setClaim(claims: Claims, text: string): void {
  const at = text.indexOf('=')
  const path = [...parsePath(text.slice(0, at))]
  const last = path.pop() ?? ''
  if (at < 1 || last === '' || path.includes(''))
    throw new UsageError('--claim is path=value, e.g. user_data.name=Jean')
  let level = claims
  for (const part of path) {
    const next = Object.hasOwn(level, part) ? level[part] : undefined
    const inner: Claims = typeof next === 'object' && next !== null ? (next as Claims) : {}
    define(level, part, inner)
    level = inner
  }
  define(level, last, readValue(text.slice(at + 1)))
}

/** As JSON.parse does it: a claim named `__proto__` is a claim. */
function define(claims: Claims, name: string, value: unknown): void {
  Object.defineProperty(claims, name, { value, enumerable: true, configurable: true, writable: true })
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // --claim user_data.name=Jean needs no quotes
  }
}
