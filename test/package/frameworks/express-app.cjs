// The app of the consumers that only load the package.
const express = require('express')
const { options, subjectOf } = require('./guard.cjs')

exports.expressApp = ({ customJwtAuth, errorHandler }) => {
  const app = express()
  app.use(customJwtAuth(options))
  app.use((req, res) => res.json({ subject: subjectOf(req.user) }))
  app.use(errorHandler())
  return app
}
