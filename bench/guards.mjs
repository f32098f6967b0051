// What is measured: this package as built, and its neighbors with the same keys and the same expectations.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import express from 'express'
import { expressjwt } from 'express-jwt'
import { auth as oauth2JwtBearer } from 'express-oauth2-jwt-bearer'
import { createVerifier } from 'fast-jwt'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { customJwtAuth } from '../dist/esm/index.js'
import { APP_ID, ISSUER, PUBLIC_KEY, PUBLIC_PEM, SECRET } from './tokens.mjs'

const keyOf = (algorithm) => (algorithm === 'HS256' ? SECRET : PUBLIC_PEM)

/** This package with its defaults, and what an app would set. */
export function ours(algorithm, more = {}) {
  return customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: algorithm,
    signingKeys: [keyOf(algorithm)],
    metadataFields: [
      { name: 'user_data.name', fieldName: 'name', required: true },
      { name: 'user_data.aliases', fieldName: 'aliases' },
    ],
    autoCreateUser: true,
    session: { signingKeys: [randomBytes(32).toString('hex')] },
    ...more,
  })
}

/** Logs in with each token, and returns the access tokens. */
export async function logIn(auth, tokens) {
  const { url, close } = await listen(express().use(auth.sessionRoutes()))
  const path = `api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`
  const headers = { 'content-type': 'application/json' }
  const answers = await Promise.all(
    tokens.map(async (token) => {
      const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify({ token }) })
      if (!answer.ok) throw new Error(await answer.text())
      return answer.json()
    }),
  )
  close()
  return answers.map((answer) => answer.access_token)
}

function passportJwt(algorithm) {
  const options = {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKey: keyOf(algorithm),
    algorithms: [algorithm],
    audience: APP_ID,
    issuer: ISSUER,
  }
  const own = new passport.Passport()
  own.use(new Strategy(options, (claims, done) => done(null, { id: claims.sub })))
  return own.authenticate('jwt', { session: false })
}

async function auth0(algorithm) {
  const options = { issuer: ISSUER, audience: APP_ID, tokenSigningAlg: algorithm }
  if (algorithm === 'HS256') return oauth2JwtBearer({ ...options, secret: SECRET })
  // It takes public keys from a key set alone; it asks for it once.
  const keys = [{ ...PUBLIC_KEY.export({ format: 'jwk' }), kid: 'key-1', use: 'sig', alg: 'RS256' }]
  const { url } = await listen((_req, res) => res.end(JSON.stringify({ keys })))
  return oauth2JwtBearer({ ...options, jwksUri: url })
}

/** fast-jwt is no middleware: this is the least that makes it one. */
function fastJwt(algorithm, cache) {
  const key = keyOf(algorithm)
  const verify = createVerifier({
    key,
    algorithms: [algorithm],
    allowedAud: APP_ID,
    allowedIss: ISSUER,
    cache,
  })
  return function fastJwtGuard(req, _res, next) {
    try {
      req.user = verify(req.headers.authorization.slice('Bearer '.length))
    } catch (error) {
      next(error)
      return
    }
    next()
  }
}

/** What no middleware that signs users in can do without. */
export function setUser(req, _res, next) {
  req.user = { id: 'user-1' }
  next()
}

/** Each makes its guard for an algorithm. */
export const neighbors = {
  'express-jwt': (algorithm) =>
    expressjwt({ secret: keyOf(algorithm), algorithms: [algorithm], audience: APP_ID, issuer: ISSUER }),
  'passport-jwt': passportJwt,
  'express-oauth2-jwt-bearer': auth0,
  'fast-jwt, cache off': (algorithm) => fastJwt(algorithm, false),
  'fast-jwt, cache on': (algorithm) => fastJwt(algorithm, true),
}

/** Listens on a free port. Connections stay open between rounds, however long those are apart. */
export async function listen(handler) {
  const server = createServer({ keepAliveTimeout: 0 }, handler).unref()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}
