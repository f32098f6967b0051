// An ES module in an app that installed the package.
import express from 'express'
import { customJwtAuth, errorHandler, memoryStore } from 'custom-jwt-auth'
import 'custom-jwt-auth/express' // types alone; here it has to load
import { serveOneRequest } from './serve-one-request.cjs'

await serveOneRequest(express, { customJwtAuth, errorHandler, memoryStore })
