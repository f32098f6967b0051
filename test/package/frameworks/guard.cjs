// What the consumers share: a guard, a token that it accepts, and one request with it and one without.
const assert = require('node:assert/strict')
const { createHmac } = require('node:crypto')
const { once } = require('node:events')

const appId = 'myapp-abcde'
const key = 'a-secret-that-only-two-lines-of-this-test-know'
const subject = '24601'

exports.options = {
  appId,
  signingAlgorithm: 'HS256',
  signingKeys: [key],
  autoCreateUser: true,
  session: { signingKeys: [key.toUpperCase()] },
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const good = { aud: appId, sub: subject, exp: Math.floor(Date.now() / 1000) + 600 }

/** A token of the issuer, with these claims in place of the good ones. */
exports.mint = (claims = {}, secret = key) => {
  const content = [
    { alg: 'HS256', typ: 'JWT' },
    { ...good, ...claims },
  ]
    .map(encode)
    .join('.')
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}
exports.headers = { jwttokenstring: exports.mint() }

/** Keys that nobody answers for: what is asked of this guard is a failed dependency, 503. */
exports.unreachable = { appId, jwkUri: 'https://127.0.0.1:9/keys', autoCreateUser: true, bearerJwt: true }
exports.unreachableHeaders = {
  jwttokenstring: [encode({ alg: 'RS256', typ: 'JWT', kid: 'k' }), encode(good), 'c2ln'].join('.'),
}

/** The subject of the user that a handler sees as `req.user`. */
exports.subjectOf = (user) => user.identities[0].id

/** Listens, asks without and with the token, and closes. The answer to the second says whose token it was. */
exports.serve = async (server, path = '/', init = {}) => {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    await exports.askTwice(`http://127.0.0.1:${server.address().port}${path}`, init)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

exports.askTwice = async (url, init = {}) => {
  const refused = await fetch(url, init)
  assert.equal(refused.status, 401, await refused.clone().text())
  assert.match(
    refused.headers.get('www-authenticate') ?? '',
    /^Bearer/,
    'a 401 says which credentials it wants',
  )
  const accepted = await fetch(url, { ...init, headers: { ...init.headers, ...exports.headers } })
  const body = await accepted.text()
  assert.equal(accepted.status, 200, body)
  assert.ok(body.includes(subject), body)
}
