import { parseOptions, type Config } from '../../options.js'
import { ConfigurationError } from '../../configuration-error.js'
import type { VerificationKey } from '../../keys/key-source.js'
import type { ProviderRules } from '../../providers/provider-options.js'
import type { NotCarriedOver } from '../../migrate/report.js'
import { defineCommand } from '../command.js'
import type { Finding } from '../finding.js'
import { GUARD_FLAGS, readGuardOptions, type GuardOptions } from '../guard-options.js'
import {
  bold,
  dim,
  green,
  plural,
  printable,
  printJson,
  printLines,
  printText,
  red,
  yellow,
} from '../terminal.js'
import { foreignMessage } from '../foreign-message.js'

/** `custom-jwt-auth check`. */
export const check = defineCommand({
  name: 'check',
  about: 'Audit a configuration: options, keys, audience, key set, clock, store',
  args: [],
  flags: {
    ...GUARD_FLAGS,
    production: {
      type: 'boolean',
      about: 'As with NODE_ENV=production, where sessions need a persistent store',
    },
  },
  notes: [
    'The key set is fetched from the issuer, and the store is opened.',
    'An exported app gets three lists: what is decided, what you have to decide, and what is wrong.',
  ],
  examples: [
    'npx custom-jwt-auth check --config auth.config.mjs --production',
    'npx custom-jwt-auth check --providers exported-app --dotenv .env',
    'npx custom-jwt-auth check --jwk-uri https://issuer.example/jwks.json --app-id myapp-abcde --json',
  ],
  async run({ values, json }) {
    const findings: Finding[] = []
    const isExport = values.providers !== undefined
    for await (const finding of audit(() => readGuardOptions(values), values.production)) {
      findings.push(finding)
      if (!json && !isExport) print(finding)
    }
    if (!json && isExport) printGroups(findings)
    const problems = findings.filter(({ level }) => level === 'problem').length
    if (json) printJson({ ok: problems === 0, findings })
    else printLines('', conclusion(problems, findings.filter(({ level }) => level === 'note').length))
    return problems === 0 ? 0 : 1
  },
})

function conclusion(problems: number, notes: number): string {
  const read = notes === 0 ? '' : `, ${plural(notes, 'note')} to read`
  if (problems > 0) return red(`${plural(problems, 'problem')} to fix${read}`)
  return notes === 0 ? green('no problems') : yellow(`no problems${read}`)
}

async function* audit(read: () => Promise<GuardOptions>, production = false): AsyncGenerator<Finding> {
  let config: Config
  let notCarriedOver: readonly NotCarriedOver[] | undefined
  try {
    const given = await read()
    notCarriedOver = given.notCarriedOver
    config = parseOptions(given.options, production || process.env.NODE_ENV === 'production')
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const { option, problem, fix } of error.problems)
      yield { name: 'options', level: 'problem', text: `${option}: ${problem}`, fix }
    return
  }
  yield { name: 'options', level: 'ok', text: 'understood' }
  if (notCarriedOver) yield* auditExport(config, notCarriedOver)
  for (const provider of config.providers)
    for await (const finding of auditProvider(provider, config.clock))
      yield provider.name === undefined
        ? finding
        : { ...finding, name: `${finding.name} of ${provider.name}` }
  if (config.findProvider) yield TENANTS
  // An export says nothing about sessions and stores: the app that mounts the guard does.
  if (!notCarriedOver) yield* auditUsers(config)
}

async function* auditProvider(provider: ProviderRules, clock: () => number): AsyncGenerator<Finding> {
  yield* auditRules(provider)
  const { written, remote } = provider.keys
  if (written.length > 0) yield keysFinding(written)
  if (!remote) return
  const { auditIssuer } = await import('../issuer-audit.js') // loads all that reads key sets
  yield* auditIssuer(remote, provider.rules, clock)
}

const TENANTS: Finding = {
  name: 'providers',
  level: 'note',
  text: 'are found by a function: their options are not audited',
  fix: 'Pass the options of one of them to this command',
}

/** What the options of an exported app mean, and what is left to decide. */
function* auditExport(config: Config, notCarriedOver: readonly NotCarriedOver[]): Generator<Finding> {
  yield { name: 'App ID', level: 'ok', text: config.appId }
  const fields = config.providers.flatMap(({ metadata }) => metadata.fields.map(({ fieldName }) => fieldName))
  yield { name: 'metadata', level: 'ok', text: fields.length === 0 ? 'none' : fields.join(', ') }
  const creates = config.autoCreateUser ? 'logins, and requests with a token' : 'logins only'
  yield { name: 'users are created by', level: 'ok', text: creates }
  for (const { item, reason, fix } of notCarriedOver)
    yield { name: NOT_CARRIED_OVER, level: 'note', text: `${item}: ${reason}`, fix }
}

function keysFinding(keys: readonly VerificationKey[]): Finding {
  const kinds = [...new Set(keys.map(({ algorithm }) => algorithm))].map((algorithm) => {
    const count = keys.filter((key) => key.algorithm === algorithm).length
    return plural(count, `${algorithm} ${algorithm.startsWith('HS') ? 'secret' : 'public key'}`)
  })
  return { name: 'keys', level: 'ok', text: kinds.join(', ') }
}

function* auditRules({ rules, disabled }: ProviderRules): Generator<Finding> {
  const { audience, requireAnyAudience, requiredClaims, issuer } = rules
  if (disabled)
    yield {
      name: 'provider',
      level: 'note',
      text: 'is switched off: third-party tokens are refused',
      fix: 'Set disabled to false',
    }
  if (audience) {
    const all = audience.length === 1 ? '' : requireAnyAudience ? 'any of ' : 'all of '
    yield { name: 'audience', level: 'ok', text: all + audience.join(', ') }
  } else if (requiredClaims.length === 0 && !issuer)
    yield {
      name: 'audience',
      level: 'problem',
      text: 'anyone: a token that the issuer issued for another app is accepted too',
      fix: 'Set audience, or requiredClaims that only tokens of this app have',
    }
  else yield { name: 'audience', level: 'note', text: 'anyone, as long as the other claims are right' }
}

const NOT_CARRIED_OVER = 'not carried over'

/** An id that no user has. */
const NOBODY = '0'.repeat(24)

async function* auditUsers({ session, store }: Config): AsyncGenerator<Finding> {
  const text = session ? 'are configured' : 'are not configured: there are no session routes'
  yield { name: 'sessions', level: session ? 'ok' : 'note', text }
  if (!store) {
    yield { name: 'store', level: 'note', text: 'is in memory: users are lost when the process ends' }
    return
  }
  try {
    await store.ready?.()
    await store.findUser(NOBODY)
    yield { name: 'store', level: 'ok', text: 'answers' }
  } catch (error) {
    const text = `does not answer: ${foreignMessage(error)}`
    yield { name: 'store', level: 'problem', text, fix: 'Start the database, or correct its address' }
  } finally {
    await store.close?.()
  }
}

const SIGNS = { ok: green('✓'), note: yellow('!'), problem: red('✗') }

const HEADINGS = { ok: 'Decided', note: 'To decide', problem: 'To fix' } as const

/** In three lists: what is settled, what the reader has to decide, and what is wrong. */
function printGroups(findings: readonly Finding[]): void {
  for (const level of ['ok', 'note', 'problem'] as const) {
    const group = findings.filter((finding) => finding.level === level)
    if (group.length === 0) continue
    if (group[0] !== findings[0]) printLines('')
    printLines(bold(HEADINGS[level]))
    for (const finding of group) print(finding)
  }
}

function print({ name, level, text, fix }: Finding): void {
  const title = name === NOT_CARRIED_OVER ? '' : `${name}: `
  printText(`${SIGNS[level]} ${title}${printable(text)}`)
  if (fix !== undefined) printText(dim(`    ${printable(fix)}`))
}
