// Jest as it comes: CommonJS, and no transformation of what is in node_modules.
const { createServer } = require('node:http')
const { expressApp } = require('../express-app.cjs')
const { serve } = require('../guard.cjs')

test.each(['custom-jwt-auth', 'custom-jwt-auth/testing'])('%s can be required', (name) => {
  expect(Object.keys(require(name))).not.toHaveLength(0)
})

test('a request is refused, another accepted', () =>
  serve(createServer(expressApp(require('custom-jwt-auth')))))
