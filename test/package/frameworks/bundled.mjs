// Bundled by esbuild with all that it imports, and run where no package is installed.
import { createServer } from 'node:http'
import * as customJwtAuth from 'custom-jwt-auth'
import { expressApp } from './express-app.cjs'
import { serve } from './guard.cjs'

serve(createServer(expressApp(customJwtAuth)))
