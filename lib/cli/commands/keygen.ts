import { generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { defineCommand, OperationError, UsageError } from '../command.js'
import { codeOf, DEFAULT_VARIABLE, readText } from '../keys.js'
import { printJson, printLines } from '../terminal.js'

const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const
const FORMATS = ['env', 'pem', 'jwks'] as const
const PRIVATE_MODE = 0o600
const PUBLIC_MODE = 0o644

/** `custom-jwt-auth keygen`. */
export const keygen = defineCommand({
  name: 'keygen',
  about: 'Make a signing key',
  args: [],
  flags: {
    alg: { type: 'string', value: '<name>', about: 'HS256 (default), RS256, ES256 or EdDSA' },
    format: {
      type: 'string',
      value: '<name>',
      about:
        'env: lines for a .env file (default for HS256); pem: two files (default otherwise); jwks: a key set',
    },
    name: {
      type: 'string',
      value: '<name>',
      about: `The variable of an env line, default ${DEFAULT_VARIABLE}; several secrets: names with commas`,
    },
    kid: { type: 'string', value: '<id>', about: 'The key id in a key set, default a random one' },
    dotenv: {
      type: 'string',
      value: '<file>',
      about: 'Add the env lines to this file, made readable only by you, instead of printing them',
    },
    out: { type: 'string', value: '<folder>', about: 'Where files go, default this folder' },
    force: { type: 'boolean', about: 'Replace existing files' },
  },
  notes: [
    'pem writes private.pem (readable only by you) and public.pem; jwks writes private.pem and jwks.json.',
    'The private key stays with the issuer; the public one goes into signingKeys, the key set behind jwkUri.',
  ],
  examples: [
    'npx custom-jwt-auth keygen --dotenv .env',
    'npx custom-jwt-auth keygen --dotenv .env --name SIGNING_KEY,SESSION_KEY',
    'npx custom-jwt-auth keygen --alg RS256 --out keys',
    'npx custom-jwt-auth keygen --alg ES256 --format jwks --kid 2024-05',
  ],
  run({ values, json }) {
    const algorithm = oneOf('alg', values.alg ?? 'HS256', ALGORITHMS)
    const isSecret = algorithm === 'HS256'
    const format = oneOf('format', values.format ?? (isSecret ? 'env' : 'pem'), FORMATS)
    const { name = DEFAULT_VARIABLE, kid = randomUUID(), out = '.', force = false } = values
    if (isSecret && format !== 'env')
      throw new UsageError('a secret is not published: HS256 takes --format env only')
    if (format === 'env' && values.out !== undefined)
      throw new UsageError('--format env prints, or writes to --dotenv <file>, not to --out')
    if (format !== 'env' && values.dotenv !== undefined) throw new UsageError('--dotenv is for --format env')
    const names = isSecret ? name.split(',') : [name]
    if (!names.every((each) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(each)))
      throw new UsageError('--name is not the name of a variable')
    if (new Set(names).size < names.length) throw new UsageError('--name has one name twice')

    if (isSecret) {
      const secrets = names.map((each) => [each, randomBytes(32).toString('hex')] as const)
      giveVariables(Object.fromEntries(secrets), values.dotenv, json)
    } else {
      const { privateKey, publicKey } = makeKeyPair(algorithm)
      const privatePem = toPem(privateKey, 'pkcs8')
      const publicPem = toPem(publicKey, 'spki')
      const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm }
      if (format === 'env')
        giveVariables({ [name]: publicPem, [`${name}_PRIVATE`]: privatePem }, values.dotenv, json)
      else {
        const published =
          format === 'pem'
            ? { 'public.pem': publicPem }
            : { 'jwks.json': `${JSON.stringify({ keys: [jwk] }, null, 2)}\n` }
        const files = writeFiles(out, { 'private.pem': privatePem, ...published }, force)
        const facts = { algorithm, ...(format === 'jwks' && { kid }), files }
        if (json) printJson(facts)
        else printLines(...files.map((file) => `wrote ${file}`), ...(format === 'jwks' ? [`kid ${kid}`] : []))
      }
    }
    return Promise.resolve(0)
  },
})

function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value)
  if (found === undefined) throw new UsageError(`--${flag} is one of ${known.join(', ')}`)
  return found
}

function makeKeyPair(algorithm: 'RS256' | 'ES256' | 'EdDSA'): {
  privateKey: KeyObject
  publicKey: KeyObject
} {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function toPem(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return key.export({ type, format: 'pem' } as { type: 'spki'; format: 'pem' }).toString()
}

/** PEM as one line, with `\n` for its newlines: customJwtAuth reads that, and so does every reader of .env files. */
function giveVariables(
  variables: Readonly<Record<string, string>>,
  file: string | undefined,
  json: boolean,
): void {
  const values = Object.entries(variables).map(
    ([name, text]) => [name, text.trim().replaceAll('\n', '\\n')] as const,
  )
  const lines = values.map(([name, text]) => `${name}=${text.includes(' ') ? `"${text}"` : text}`)
  const names = Object.keys(variables)
  if (file === undefined) {
    if (json) printJson(Object.fromEntries(values))
    else printLines(...lines)
    return
  }
  addToEnvFile(file, names, lines)
  if (json) printJson({ file, names })
  else printLines(`wrote ${names.join(' and ')} to ${file}`)
}

/** Adds lines to a file that is, from then on, readable by its owner alone. No name is added twice. */
function addToEnvFile(file: string, names: readonly string[], lines: readonly string[]): void {
  const before = existsSync(file) ? readText(file) : ''
  const taken = names.find((name) =>
    new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=`, 'm').test(before),
  )
  if (taken !== undefined)
    throw new OperationError(`${taken} is already in ${file}: remove it there, or pass another --name`)
  const text = `${before === '' || before.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n`
  try {
    const descriptor = openSync(file, 'a', PRIVATE_MODE)
    try {
      fchmodSync(descriptor, PRIVATE_MODE) // the mode of openSync counts for new files only
      writeSync(descriptor, text)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new OperationError(`${file} cannot be written (${codeOf(error)})`)
  }
}

/** Writes all of the files or none; the first is readable by its owner alone. */
function writeFiles(folder: string, files: Readonly<Record<string, string>>, force: boolean): string[] {
  const paths = Object.keys(files).map((name) => join(folder, name))
  const there = paths.filter((path) => existsSync(path))
  if (there.length > 0 && !force)
    throw new OperationError(`${there.join(' and ')} exists: pass --force to replace it, or another --out`)
  try {
    mkdirSync(folder, { recursive: true })
    for (const [index, text] of Object.values(files).entries()) {
      const path = paths[index] ?? ''
      if (force) rmSync(path, { force: true }) // the mode counts for new files only
      writeFileSync(path, text, { flag: 'wx', mode: index === 0 ? PRIVATE_MODE : PUBLIC_MODE })
    }
  } catch (error) {
    throw new OperationError(`the files cannot be written to ${folder} (${codeOf(error)})`)
  }
  return paths
}
