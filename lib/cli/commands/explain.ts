import type { ExplainedCheck, Explanation } from '../../token/explain.js'
import { defineCommand } from '../command.js'
import { GUARD_FLAGS, readGuardOptions } from '../guard-options.js'
import { readToken } from '../token-input.js'
import { dim, green, printable, printJson, printText, red, yellow } from '../terminal.js'

/** `custom-jwt-auth explain`. */
export const explain = defineCommand({
  name: 'explain',
  about: 'Tell for every check whether a token passes it, and what to fix',
  args: ['<token|->'],
  flags: GUARD_FLAGS,
  notes: [
    'With - the token comes from standard input, so that it stays out of the shell history.',
    'Offline, unless the keys are at an issuer. The signature and the keys are never printed.',
    'The user is looked up in the store that --config exports; without one, users are not checked.',
  ],
  examples: [
    'pbpaste | npx custom-jwt-auth explain - --config auth.config.mjs',
    'npx custom-jwt-auth explain - --providers exported-app --dotenv .env < token.txt',
    'npx custom-jwt-auth explain - --alg HS256 --dotenv .env --app-id myapp-abcde < token.txt',
    'npx custom-jwt-auth explain - --jwk-uri https://issuer.example/jwks.json --audience web < token.txt',
  ],
  async run({ values, args: [given = ''], json }) {
    const { options } = await readGuardOptions(values)
    // Only now: it needs express, and nothing else here does.
    const { customJwtAuth } = await import('../../custom-jwt-auth.js')
    const auth = customJwtAuth(options)
    try {
      const explanation = await auth.explain(await readToken(given), {
        user: options.store !== undefined,
      })
      if (json) printJson(explanation)
      else print(explanation)
      if (explanation.ok) return 0
      // When the keys cannot be fetched, that says nothing about the token.
      return explanation.checks.some(({ pass }) => pass === false) ? 1 : 2
    } finally {
      await auth.close()
    }
  },
})

function print({ ok, checks, summary }: Explanation): void {
  const width = Math.max(...checks.map(({ name }) => name.length))
  for (const check of checks) {
    // A check that says "that" found what it expected.
    const got = check.got === 'that' ? check.expected : check.got
    printText(`${sign(check)} ${check.name.padEnd(width)}  ${printable(got)}`)
    if (check.pass === true) continue
    const indent = ' '.repeat(width + 4)
    printText(dim(`${indent}expected: ${printable(check.expected)}`))
    if (check.fix !== undefined) printText(`${indent}${printable(check.fix)}`)
  }
  printText('', (ok ? green : red)(printable(summary)))
}

function sign({ pass }: ExplainedCheck): string {
  if (pass === undefined) return yellow('?')
  return pass ? green('✓') : red('✗')
}
