// The issuer's counter: a page and `POST /token`, where anyone who asks gets a token. The keys are a test issuer's.
import express, { type Express } from 'express'
import type { TestIssuer } from 'custom-jwt-auth/testing'

interface TokenOrder {
  readonly sub: string
  readonly name: string
  readonly audience: string
  /** How long the token lasts; a negative number makes one that has expired. */
  readonly seconds: number
}

/** @param keys signs the tokens, and publishes the key set that the app verifies them with */
export function createCounter(keys: TestIssuer, defaultAudience: string): Express {
  const app = express()
  app.get('/', (_req, res) => {
    res.type('html').send(page(formFor(defaultAudience)))
  })
  app.post('/token', express.urlencoded({ extended: false }), express.json(), (req, res) => {
    const order = readOrder(req.body, defaultAudience)
    if (!order) {
      res.status(400).type('text').send('wanted: sub and name, and seconds as a whole number\n')
      return
    }
    const { sub, name, audience, seconds } = order
    const token = keys.mint({ aud: audience, sub, user_data: { name } }, { expiresInSeconds: seconds })
    // The first is for curl, which takes anything.
    res.format({
      text: () => res.send(token),
      json: () => res.json({ token }),
      html: () => res.send(page(tokenFor(order, token))),
    })
  })
  return app
}

function readOrder(body: unknown, defaultAudience: string): TokenOrder | undefined {
  const { sub, name, audience = defaultAudience, seconds = 300 } = (body ?? {}) as Record<string, unknown>
  const texts = [sub, name, audience]
  if (!texts.every((text) => typeof text === 'string' && text !== '')) return undefined
  if (!Number.isInteger(Number(seconds))) return undefined
  return { sub: String(sub), name: String(name), audience: String(audience), seconds: Number(seconds) }
}

const page = (main: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Demo issuer</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto; padding: 0 1rem }
  label { display: block; margin-top: 1rem }
  input, textarea, button { font: inherit; padding: .3rem; width: 100%; box-sizing: border-box }
  button { margin-top: 1.5rem }
</style>
<main>
<h1>Demo issuer</h1>
${main}
</main>
</html>
`

const formFor = (
  audience: string,
): string => `<p>Signs a token for whomever you name. A real issuer would ask for a password.</p>
<form method="post" action="/token">
  <label for="sub">Subject: the user’s unique id</label>
  <input id="sub" name="sub" value="24601" required>
  <label for="name">Name</label>
  <input id="name" name="name" value="Jean Valjean" required>
  <label for="audience">Audience: the app that the token is for</label>
  <input id="audience" name="audience" value="${escapeHtml(audience)}" required>
  <label for="seconds">Lifetime in seconds</label>
  <input id="seconds" name="seconds" type="number" value="300" required>
  <button>Sign a token</button>
</form>`

const tokenFor = ({ name }: TokenOrder, token: string): string => `<p>Signed for ${escapeHtml(name)}.</p>
<label for="token">Token: send it to the app in the header <code>jwtTokenString</code></label>
<textarea id="token" rows="10" readonly>${escapeHtml(token)}</textarea>
<p><a href="/">Another one</a></p>`

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`)
}
