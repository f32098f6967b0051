// NestJS, with the guard as middleware and as a guard. Its exception filter answers errors with their status and
// nothing else of theirs; what clients need for a 401 and a 503 has to be there all the same.
require('reflect-metadata')
const assert = require('node:assert/strict')
const { Controller, Get, Module, Req, UseGuards } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { customJwtAuth } = require('custom-jwt-auth')
const { options, subjectOf, unreachable, unreachableHeaders, askTwice } = require('./guard.cjs')

/** `@UseGuards(guardOf(auth))`, as an app writes it. */
const guardOf = (auth) => ({
  canActivate(context) {
    const http = context.switchToHttp()
    return new Promise((resolve, reject) => {
      auth(http.getRequest(), http.getResponse(), (error) => (error ? reject(error) : resolve(true)))
    })
  },
})

// Decorators, written as the calls that TypeScript compiles them to.
function controller(path, ...decorators) {
  class Me {
    me(req) {
      return { subject: subjectOf(req.user) }
    }
  }
  Req()(Me.prototype, 'me', 0)
  Get()(Me.prototype, 'me', Object.getOwnPropertyDescriptor(Me.prototype, 'me'))
  for (const decorate of [Controller(path), ...decorators]) decorate(Me)
  return Me
}

const auth = customJwtAuth(options)
const down = customJwtAuth(unreachable)
class App {
  configure(consumer) {
    consumer.apply(auth).forRoutes('middleware')
    consumer.apply(down).forRoutes('down')
  }
}
Module({
  controllers: [
    controller('middleware'),
    controller('down'),
    controller('guard', UseGuards(guardOf(auth))),
    controller('guard-down', UseGuards(guardOf(down))),
  ],
})(App)

async function main() {
  const app = await NestFactory.create(App, { logger: false })
  await app.listen(0, '127.0.0.1')
  const url = (await app.getUrl()).replace(/\/$/, '')
  await askTwice(`${url}/middleware`)
  await askTwice(`${url}/guard`)
  for (const path of ['down', 'guard-down']) {
    const answer = await fetch(`${url}/${path}`, { headers: unreachableHeaders })
    assert.equal(answer.status, 503)
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
  }
  await app.close()
  await down.close()
}
main()
