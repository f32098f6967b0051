import { hash } from 'node:crypto'
import { SCRIPT } from './script.js'
import { STYLE } from './style.js'

const sourceOf = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`

/** What the page may do: run its script, use its style, ask its server. Nothing leads elsewhere or frames it. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src ${sourceOf(SCRIPT)}`,
  `style-src ${sourceOf(STYLE)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

export interface PageParts {
  /** What every POST has to send. */
  readonly secret: string
  /** The names of the configurations. */
  readonly names: readonly string[]
  /** Whether a token from the terminal is waiting for the page. */
  readonly isTokenWaiting: boolean
}

/** The page. Its parts go into attributes, where its script reads them. */
export function pageHtml({ secret, names, isTokenWaiting }: PageParts): string {
  const configurations = `Configuration${names.length === 1 ? '' : 's'}: ${names.join(', ')}`
  return `<!doctype html>
<html lang="en" translate="no">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="google" content="notranslate" />
    <meta name="page-secret" content="${escapeHtml(secret)}" />
    <title>Inspect a token</title>
    <link rel="icon" href="data:," />
    <style>${STYLE}</style>
  </head>
  <body data-token-waiting="${String(isTokenWaiting)}">
    <header>
      <h1>Inspect a token</h1>
      <p>Everything stays on this machine: nothing is stored, logged or sent elsewhere.</p>
      <p class="quiet names">${escapeHtml(configurations)}</p>
    </header>
    <main>
      <form id="entry" class="card" aria-label="Token to inspect">
        <label for="token">Token</label>
        <textarea id="token" rows="5" required autocomplete="off" autocapitalize="off" autocorrect="off"
          spellcheck="false" aria-describedby="token-hint"></textarea>
        <div class="row">
          <button class="primary">Inspect</button>
          <p id="token-hint" class="quiet">What you paste is inspected at once. Its signature is never shown.</p>
        </div>
      </form>
      <fieldset id="configurations" class="card" hidden>
        <legend>Configuration</legend>
        <div id="choices"></div>
      </fieldset>
      <p id="status" role="status" class="quiet"></p>
      <section id="problem" class="card" role="alert" hidden></section>
      <div id="result" hidden>
        <section id="verdict" aria-labelledby="verdict-title"></section>
        <section id="in-hand" class="card row apart" aria-label="Token in hand">
          <p><span id="in-hand-text"></span> <span id="in-hand-time" class="quiet"></span></p>
          <div class="row">
            <button id="again" type="button">Inspect again</button>
            <button id="copy" type="button">Copy result</button>
            <button id="another" type="button">Another token</button>
          </div>
        </section>
        <div class="columns">
          <section class="card" aria-labelledby="checks-title">
            <h2 id="checks-title">Every check</h2>
            <ol id="checks"></ol>
          </section>
          <div class="column">
            <section class="card" aria-labelledby="answer-title">
              <h2 id="answer-title">What the guard answers</h2>
              <div id="answer"></div>
            </section>
            <section class="card" aria-labelledby="user-title">
              <h2 id="user-title">Which user it is</h2>
              <div id="user"></div>
            </section>
            <section class="card" aria-labelledby="claims-title">
              <h2 id="claims-title">Claims</h2>
              <div id="claims"></div>
            </section>
            <section class="card" aria-labelledby="header-title">
              <h2 id="header-title">Header</h2>
              <div id="header"></div>
            </section>
          </div>
        </div>
      </div>
      <noscript><p>This page needs JavaScript. In a terminal: <code>npx custom-jwt-auth explain -</code></p></noscript>
    </main>
    <script>${SCRIPT}</script>
  </body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
