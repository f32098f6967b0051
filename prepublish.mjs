// npm publish: who publishes first knows where the sources live and where bugs are told; nobody else can.
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const missing = ['repository', 'homepage', 'bugs'].filter((field) => !manifest[field])
if (missing.length > 0) {
  console.error(
    `Not published: package.json has no ${missing.join(', ')}. Fill in where the project lives, then publish.`,
  )
  process.exit(1)
}
