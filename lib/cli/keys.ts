import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseSecretKey } from '../keys/secret-key.js'
import { publicKeyFault } from '../keys/public-key.js'
import type { Algorithm } from '../keys/key-source.js'
import type { KeyEncoding } from '../keys/signing-keys.js'
import { OperationError, UsageError, type Flags, type Values } from './command.js'

/** The variable that `keygen` writes and the other commands read by default. */
export const DEFAULT_VARIABLE = 'SIGNING_KEY'

/** Where a key is. There is no flag for the key itself: arguments end up in histories and process lists. */
export const KEY_FLAGS = {
  'key-file': { type: 'string', value: '<file>', about: 'The file with the key' },
  'key-env': {
    type: 'string',
    value: '<name>',
    about: `The environment variable with the key, default ${DEFAULT_VARIABLE}`,
  },
  dotenv: { type: 'string', value: '<file>', about: 'Read environment variables from this file first' },
  encoding: {
    type: 'string',
    value: '<name>',
    about: 'The encoding of a secret: utf8, base64, base64url or hex; default: none',
  },
} as const satisfies Flags

const ENCODINGS = ['utf8', 'base64', 'base64url', 'hex'] as const

/** Sets the variables of `--dotenv` that are not set. */
export function loadEnvFile({ dotenv: file }: Values<typeof KEY_FLAGS>): void {
  if (file === undefined) return
  readText(file)
  process.loadEnvFile(file)
}

/** The text of the key that the flags name, without the newline at its end. */
export function readKeyText({ 'key-file': file, 'key-env': name }: Values<typeof KEY_FLAGS>): string {
  if (file !== undefined && name !== undefined) throw new UsageError('pass --key-file or --key-env, not both')
  if (file !== undefined) return readText(file).replace(/\r?\n$/, '')
  const variable = name ?? DEFAULT_VARIABLE
  const text = process.env[variable] ?? ''
  if (text.trim() !== '') return text
  throw new UsageError(`there is no key: set ${variable}, or pass --key-file, --key-env or --dotenv`)
}

export function readEncoding({ encoding }: Values<typeof KEY_FLAGS>): KeyEncoding | undefined {
  if (encoding === undefined) return undefined
  const known = ENCODINGS.find((name) => name === encoding)
  if (known) return known
  throw new UsageError(`--encoding is one of ${ENCODINGS.join(', ')}`)
}

/** The key that signs tokens, and its algorithm: from `--alg`, or the default for such a key. */
export function readSigningKey(
  values: Values<typeof KEY_FLAGS>,
  wanted: Algorithm | undefined,
): { key: KeyObject; algorithm: Algorithm } {
  const text = readKeyText(values)
  if (!text.includes('-----BEGIN') && !wanted?.match(/^[RPE]/)) {
    const algorithm = wanted ?? 'HS256'
    const parsed = parseSecretKey(text, algorithm, readEncoding(values))
    if ('problem' in parsed) throw new OperationError(`the key ${parsed.problem}. ${parsed.fix}`)
    return { key: parsed.key, algorithm }
  }
  const key = parsePrivateKey(text)
  const algorithm = wanted ?? ALGORITHM_OF[key.asymmetricKeyType ?? ''] ?? 'RS256'
  const fault = algorithm.startsWith('HS') ? 'is a PEM key, not a secret' : publicKeyFault(key, algorithm)
  if (fault !== undefined) throw new OperationError(`the key ${fault}. Pass a key that suits ${algorithm}`)
  return { key, algorithm }
}

const ALGORITHM_OF: Readonly<Record<string, Algorithm>> = { ec: 'ES256', ed25519: 'EdDSA' }

function parsePrivateKey(text: string): KeyObject {
  try {
    return createPrivateKey(text.replaceAll('\\n', '\n'))
  } catch {
    throw new OperationError('the key is not a private key in PEM, which is what signs tokens')
  }
}

/** @throws {OperationError} saying why the file cannot be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperationError(`${file} cannot be read (${codeOf(error)})`)
  }
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
