// A CommonJS file in an app that installed the package.
const express = require('express')
const { customJwtAuth, errorHandler, memoryStore } = require('custom-jwt-auth')
const { serveOneRequest } = require('./serve-one-request.cjs')

serveOneRequest(express, { customJwtAuth, errorHandler, memoryStore })
