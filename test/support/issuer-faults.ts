// What issuers do wrong, and what the cause of the failure then has to say.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { answerWith, jwkOf, jwksOf } from './scripted-issuer.js'
import { rsaKeys } from './tokens.js'

export interface IssuerFault {
  readonly answer: RequestListener
  readonly cause: RegExp
  /** Whether only the deadline ends it. */
  readonly slow?: boolean
}

/** The deadline of those who ask a slow issuer: long enough to ask a sound one on a busy machine. */
export const SLOW_SECONDS = 3

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_req, res) => {
    res.writeHead(code, headers)
    res.end('a body that nobody reads'.repeat(40_000)) // more than fits into the buffers on the way
  }

const drip: RequestListener = (_req, res) => {
  res.write('{')
  const timer = setInterval(() => res.write(' '), 1000)
  res.on('close', () => {
    clearInterval(timer)
  })
}

/** 50 MB, as fast as they are taken. */
export const flood: RequestListener = (_req, res) => {
  const chunk = Buffer.alloc(64 * 1024, '[')
  let left = 800
  const more = (): void => {
    while (left > 0 && !res.destroyed) {
      left -= 1
      if (!res.write(chunk)) {
        res.once('drain', more)
        return
      }
    }
    res.end()
  }
  more()
}

const { publicKey, privateKey } = rsaKeys('a')
const keys = (...list: readonly object[]): RequestListener =>
  answerWith({ keys: list.map((jwk, index) => ({ kid: `k${String(index)}`, ...jwk })) })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
const late = new RegExp(`^no complete answer within ${String(SLOW_SECONDS)} s$`)
export const manyKeys = (count: number): RequestListener =>
  keys(...Array<object>(count).fill(jwkOf(publicKey)))

export const issuerFaults: Readonly<Record<string, IssuerFault>> = {
  'drips one byte a second': { answer: drip, cause: late, slow: true },
  'never answers': { answer: () => undefined, cause: late, slow: true },
  'sends 50 MB': { answer: flood, cause: /answered with more than 524288 bytes$/ },
  'sends HTML': {
    answer: answerWith('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    cause: /is not JSON$/,
  },
  'sends invalid JSON': { answer: answerWith('{"keys":[}'), cause: /is not JSON$/ },
  'sends garbage that it calls gzip': {
    answer: answerWith(randomBytes(2000), { 'content-encoding': 'gzip' }),
    cause: /is not JSON$/,
  },
  'sends JSON of another kind': { answer: answerWith('["keys"]'), cause: /neither a JWKS nor a JWK$/ },
  'has an empty set': { answer: keys(), cause: /no usable RS256 key \(it is empty\)$/ },
  'has only oct keys': {
    answer: keys({ kty: 'oct', k: randomBytes(32).toString('base64url'), use: 'sig' }),
    cause: /no usable RS256 key \(k0 has private parts\)$/,
  },
  'publishes its private key': {
    answer: keys(privateKey.export({ format: 'jwk' })),
    cause: /no usable RS256 key \(k0 has private parts\)$/,
  },
  'has keys of 1024 bits': {
    answer: keys(jwkOf(weak)),
    cause: /k0 is an RSA key of 1024 bits, fewer than 2048\)$/,
  },
  'has keys for another alg': {
    answer: keys(jwkOf(publicKey, { alg: 'PS512' })),
    cause: /k0 is for "PS512"\)$/,
  },
  'has keys for encryption': {
    answer: keys(jwkOf(publicKey, { use: 'enc' })),
    cause: /k0 has the use "enc"\)$/,
  },
  'has a kid twice': {
    answer: keys(jwkOf(publicKey, { kid: 'a' }), jwkOf(rsaKeys('b').publicKey, { kid: 'a' })),
    cause: /two keys with the same kid$/,
  },
  'has 21 keys': {
    answer: manyKeys(21),
    cause: /21 usable keys, more than jwks\.maxKeys \(20\) allows: raise/,
  },
  'redirects to another host': {
    answer: status(302, { location: 'https://issuer.example/jwks' }),
    cause: /redirects to another host: configure the URL that it redirects to$/,
  },
  'redirects in a circle': {
    answer: status(302, { location: '/jwks' }),
    cause: /redirected more than 3 times$/,
  },
  'resets the connection': {
    answer: (req) => req.socket.resetAndDestroy(),
    cause: /could not be fetched: .*(?:ECONNRESET|socket hang up)/,
  },
  'resets the connection in the middle': {
    answer(req, res) {
      res.writeHead(200, { 'content-length': '100' })
      res.write('{"keys":[')
      setTimeout(() => req.socket.resetAndDestroy(), 20)
    },
    cause: /broke off its answer: /,
  },
  'answers 500': { answer: status(500), cause: /answered 500$/ },
  'answers 404': { answer: status(404), cause: /answered 404$/ },
}

/** A set that is as it should be, with the key `a`. */
export const soundIssuer = answerWith(jwksOf('a'))
