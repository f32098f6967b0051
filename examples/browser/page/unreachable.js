/* eslint-env browser */

/**
 * Says why the API gave no answer that the page may read, and how to fix it. Browsers tell scripts nothing; but a
 * request that wants no answer succeeds when there is a server.
 * @returns {Promise<HTMLElement[]>}
 */
export async function explainUnreachable(apiUrl) {
  try {
    await fetch(apiUrl, { mode: 'no-cors' })
  } catch {
    return [
      element('h2', 'The API cannot be reached'),
      element('p', `Nothing answers at ${apiUrl}. Is the example still running?`),
    ]
  }
  return [
    element('h2', 'The API answers, but not to this page'),
    element(
      'p',
      `${apiUrl} is another origin than this page’s, ${location.origin}, and its answers do not say that this page ` +
        'may read them (CORS).',
    ),
    element('p', 'To fix it, let the API allow this origin, before its session routes and its guard:'),
    element('pre', `app.use(allowOrigin('${location.origin}'))\napp.use(auth.sessionRoutes())`),
    element(
      'p',
      'Its answers then have Access-Control-Allow-Origin, and Access-Control-Allow-Headers with Authorization, ' +
        'Content-Type and jwtTokenString. examples/browser/cors.ts is such a function; started without --no-cors, ' +
        'this example uses it.',
    ),
  ]
}

function element(name, text) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
