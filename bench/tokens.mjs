// Keys, and tokens as an issuer makes them: about 370 characters with HS256, 690 with RS256.
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'

export const APP_ID = 'myapp-abcde'
export const ISSUER = 'https://issuer.example/'
export const SECRET = randomBytes(32).toString('hex')
export const { publicKey: PUBLIC_KEY, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const PUBLIC_PEM = PUBLIC_KEY.export({ type: 'spki', format: 'pem' })

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const headers = {
  HS256: encode({ alg: 'HS256', typ: 'JWT', kid: 'key-1' }),
  RS256: encode({ alg: 'RS256', typ: 'JWT', kid: 'key-1' }),
}
const signRsa = promisify(sign)

function payload(subject, number, secondsToLive) {
  const now = Math.floor(Date.now() / 1000)
  return encode({
    iss: ISSUER,
    aud: APP_ID,
    sub: subject,
    iat: now - 60,
    exp: now + secondsToLive,
    jti: String(number).padStart(12, '0'),
    user_data: { name: 'Jean Valjean', aliases: ['Monsieur Madeleine', 'Ultime Fauchelevent'] },
  })
}

export function mintHs256(subject, number, secondsToLive = 7200) {
  const text = `${headers.HS256}.${payload(subject, number, secondsToLive)}`
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`
}

export async function mintRs256(subject, number, secondsToLive = 7200) {
  const text = `${headers.RS256}.${payload(subject, number, secondsToLive)}`
  return `${text}.${(await signRsa('sha256', Buffer.from(text), privateKey)).toString('base64url')}`
}

/** As many tokens, all different, shared out among so many users. */
export function mintMany(mint, count, { users, name = 'user', secondsToLive }) {
  return Promise.all(
    Array.from({ length: count }, (_, number) => mint(`${name}-${number % users}`, number, secondsToLive)),
  )
}

/** The token with one character of its signature changed. */
export function withBadSignature(token) {
  const at = token.length - 20
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

/** What a raw signature verification needs of a token. */
export function signedParts(token) {
  const end = token.lastIndexOf('.')
  return { text: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), 'base64url') }
}
