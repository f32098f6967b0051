// The page's own server. It also stands for your identity provider: it signs a token for anyone who gives a name.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { type Express } from 'express'
import jwt from 'jsonwebtoken'

const REALM_WEB = dirname(createRequire(import.meta.url).resolve('realm-web'))
const PAGE = fileURLToPath(new URL('page', import.meta.url))
const TOKEN_SECONDS = 300

export interface PagesParts {
  readonly appId: string
  readonly apiUrl: string
  readonly signingKey: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function createPages({ appId, apiUrl, signingKey, now }: PagesParts): Express {
  const app = express()
  app.use((_req, res, next) => {
    const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ${apiUrl}`
    res.set('Content-Security-Policy', policy)
    next()
  })
  app.use(express.static(PAGE))
  app.get('/realm-web.js', (_req, res) => {
    res.sendFile('bundle.iife.js', { root: REALM_WEB })
  })
  app.get('/config.json', (_req, res) => {
    res.json({ appId, apiUrl })
  })
  app.post('/token', express.json(), (req, res) => {
    const { name } = (req.body ?? {}) as { name?: unknown }
    if (typeof name !== 'string' || name.trim() === '' || name.length > 100) {
      res.status(400).json({ error: 'a name has 1 to 100 characters' })
      return
    }
    const iat = Math.floor(now() / 1000)
    const claims = {
      aud: appId,
      sub: name.trim().toLowerCase(),
      name: name.trim(),
      iat,
      exp: iat + TOKEN_SECONDS,
    }
    res.json({ token: jwt.sign(claims, signingKey) })
  })
  return app
}
