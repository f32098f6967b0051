// The guard in the context of Apollo Server and of graphql-yoga: both answer a GraphQLError with its `http`.
const { createServer } = require('node:http')
const { ApolloServer } = require('@apollo/server')
const { startStandaloneServer } = require('@apollo/server/standalone')
const { customJwtAuth } = require('custom-jwt-auth')
const { GraphQLError } = require('graphql')
const { createSchema, createYoga } = require('graphql-yoga')
const { options, askTwice, serve, subjectOf } = require('./guard.cjs')

const auth = customJwtAuth(options)
const context = ({ req, res }) =>
  new Promise((resolve, reject) => {
    auth(req, res, (error) => {
      if (!error) return resolve({ user: req.user })
      const { message, error_code: code, status, headers } = error
      const sent = process.argv[2] === 'apollo' ? new Map(Object.entries(headers)) : headers
      reject(new GraphQLError(message, { extensions: { code, http: { status, headers: sent } } }))
    })
  })
const typeDefs = 'type Query { subject: String }'
const resolvers = { Query: { subject: (_parent, _args, { user }) => subjectOf(user) } }
const query = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ subject }' }),
}

async function apollo() {
  const server = new ApolloServer({ typeDefs, resolvers })
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' }, context })
  await askTwice(url, query)
  await server.stop()
}
const yoga = () =>
  serve(
    createServer(createYoga({ schema: createSchema({ typeDefs, resolvers }), context, logging: false })),
    '/graphql',
    query,
  )

if (process.argv[2] === 'apollo') apollo()
else yoga()
