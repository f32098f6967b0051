const assert = require('node:assert/strict')
const serverless = require('serverless-http')
const { expressApp } = require('./express-app.cjs')
const { headers } = require('./guard.cjs')

const handler = serverless(expressApp(require('custom-jwt-auth')))
// What API Gateway hands to a Lambda function.
const event = (more) => ({
  version: '2.0',
  rawPath: '/',
  rawQueryString: '',
  headers: { host: 'api.example.com', ...more },
  requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } },
})
async function main() {
  const refused = await handler(event({}), {})
  assert.equal(refused.statusCode, 401)
  assert.match(refused.headers['www-authenticate'], /^Bearer/)
  const accepted = await handler(event(headers), {})
  assert.deepEqual([accepted.statusCode, accepted.body], [200, '{"subject":"24601"}'])
}
main()
