import { createServer } from 'node:http'
import * as customJwtAuth from 'custom-jwt-auth'
import { test } from 'vitest'
import { expressApp } from './express-app.cjs'
import { serve } from './guard.cjs'

test('a request is refused, another accepted', () => serve(createServer(expressApp(customJwtAuth))))
