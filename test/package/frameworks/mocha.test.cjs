const { createServer } = require('node:http')
const { expressApp } = require('./express-app.cjs')
const { serve } = require('./guard.cjs')

describe('mocha', () => {
  it('refuses a request, accepts another', () => serve(createServer(expressApp(require('custom-jwt-auth')))))
})
