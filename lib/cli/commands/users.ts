import { createInterface } from 'node:readline/promises'
import type { FoundIdentity, IdentityName, Store } from '../../stores/store.js'
import type { UserRecord } from '../../user.js'
import { mergeData } from '../../users/to-user.js'
import { isObjectId } from '../../users/user-id.js'
import { defineCommand, OperationError, UsageError, type ExitCode, type Flags } from '../command.js'
import { IDENTITY_FLAGS, link, nameOf, readIdentity, setBlocked, TAKING_SUBJECT } from '../identity-flags.js'
import { askStore, openTarget, STORE_FLAGS } from '../store-flags.js'
import { bold, printable, printJson, printLines, red } from '../terminal.js'

const PAGE = 100
const MAX_LIMIT = 100_000

interface Action {
  /** What is asked on a terminal before it is done; absent when it can be undone. */
  readonly warning?: string
  /** Returns what was done, in words. */
  readonly run: (store: Store, user: UserRecord) => Promise<string>
}

const ACTIONS: Readonly<Record<string, Action | undefined>> = {
  disable: {
    run: async (store, { id }) => {
      await store.setUserDisabled(id, true)
      return 'is disabled'
    },
  },
  enable: {
    run: async (store, { id }) => {
      await store.setUserDisabled(id, false)
      return 'is enabled'
    },
  },
  revoke: {
    warning: 'logs the user out on all devices',
    run: async (store, { id }) => {
      const sessions = await store.revokeSessions(id)
      return `is logged out of ${sessions === 1 ? '1 session' : `${sessions} sessions`}`
    },
  },
  delete: {
    warning:
      'permanently deletes the user with all identities and sessions; a valid token creates the account again',
    run: async (store, { id }) => {
      await store.deleteUser(id)
      return 'is deleted'
    },
  },
}

const FLAGS = {
  ...STORE_FLAGS,
  ...IDENTITY_FLAGS,
  limit: { type: 'string', value: '<number>', about: `list: how many, default ${PAGE}` },
  after: { type: 'string', value: '<id>', about: 'list: begin after this user' },
  yes: { type: 'boolean', about: 'revoke, delete: do not ask' },
} as const satisfies Flags

/** `custom-jwt-auth users`. */
export const users = defineCommand({
  name: 'users',
  about:
    'Manage the users of a store: list, find, show, link, block, unblock, disable, enable, revoke, delete',
  args: ['<action>', '[id]'],
  flags: FLAGS,
  notes: [
    'list prints users by ascending id; show prints one; find prints the one that tokens with a subject sign in.',
    'link gives a user another subject, unless another user has it; disable refuses a user until enable, even with a session.',
    'block refuses a subject until unblock, whether or not it has a user, and even after the user is deleted.',
    'revoke ends all sessions; delete cannot be undone. Both ask first, or need --yes when nobody can answer.',
    'Running servers see a change within cache.users.ttlSeconds, 30 by default.',
  ],
  examples: [
    'npx custom-jwt-auth users list --store sqlite:users.db',
    'npx custom-jwt-auth users show 59fdd02846244cd5e5369ebf --store "$DATABASE_URL" --json',
    'npx custom-jwt-auth users find --subject 24601 --store sqlite:users.db',
    'npx custom-jwt-auth users link 59fdd02846244cd5e5369ebf --subject 24601 --store sqlite:users.db',
    'npx custom-jwt-auth users block --subject 24601 --provider staff --store "$DATABASE_URL"',
    'npx custom-jwt-auth users disable 59fdd02846244cd5e5369ebf --store "$DATABASE_URL"',
    'npx custom-jwt-auth users delete 59fdd02846244cd5e5369ebf --store sqlite:users.db --yes',
  ],
  async run({ values, args: [action = '', id], json }) {
    const known = ['list', 'show', ...TAKING_SUBJECT, ...Object.keys(ACTIONS)]
    if (!known.includes(action)) throw new UsageError(`the action is one of ${known.join(', ')}`)
    const takesId = action === 'link' || !['list', ...TAKING_SUBJECT].includes(action)
    if (takesId && !isObjectId(id))
      throw new UsageError(`${action} takes the id of a user, 24 hex characters`)
    if (!takesId && id !== undefined) throw new UsageError(`${action} takes no id`)
    const identity = readIdentity(action, values)
    const limit = readLimit(values.limit)
    const open = await openTarget(values)
    try {
      await askStore(() => open.store.ready?.())
      if (action === 'list') return await list(open.store, limit, values.after, json)
      if (action === 'block' || action === 'unblock')
        return await setBlocked(open.store, identity, action === 'block', json)
      const { user, blocked } = await askStore(() => find(open.store, id, identity))
      if (!user) return refuse(id === undefined ? { subject: identity.id } : { id }, blocked, json)
      if (action === 'link') return await link(open.store, user, identity, json)
      if (action === 'show' || action === 'find') show(user, blocked, json)
      else return await act(action, open.store, user, values.yes === true, json)
      return 0
    } finally {
      await open.close()
    }
  },
})

async function find(store: Store, id: string | undefined, identity: IdentityName): Promise<FoundIdentity> {
  if (id === undefined) return store.findIdentity(identity)
  return { user: await store.findUser(id), blocked: false }
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return PAGE
  if (/^\d{1,6}$/.test(text) && Number(text) > 0 && Number(text) <= MAX_LIMIT) return Number(text)
  throw new UsageError(`--limit is a number from 1 to ${MAX_LIMIT}`)
}

async function list(
  store: Store,
  limit: number,
  after: string | undefined,
  json: boolean,
): Promise<ExitCode> {
  if (after !== undefined && !isObjectId(after)) throw new UsageError('--after is the id of a user')
  const found = await askStore(() => store.listUsers({ limit, ...(after !== undefined && { after }) }))
  const next = found.length === limit ? found.at(-1)?.id : undefined
  if (json) printJson({ users: found.map(toAccount), ...(next !== undefined && { next }) })
  else {
    printLines(...table(found))
    if (next !== undefined) printLines('', `There may be more: --after ${next}`)
  }
  return 0
}

const toAccount = (user: UserRecord): object => ({ ...user, data: mergeData(user.identities) })
const dateOf = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')

/** One line for each user, cut to the width of the terminal. */
function table(found: readonly UserRecord[]): string[] {
  if (found.length === 0) return ['There are no users.']
  const rows = found.map(({ id, creation_date, last_authentication_date: last, disabled, identities }) => [
    ...[id, dateOf(creation_date), dateOf(last), disabled ? 'disabled' : ''],
    printable(identities.map(nameOf).join(', ')),
  ])
  const lines = [['id', 'created', 'last login', '', 'identities'], ...rows].map(
    ([id = '', created = '', last = '', state = '', identities = '']) =>
      `${id.padEnd(24)}  ${created.padEnd(16)}  ${last.padEnd(16)}  ${state.padEnd(8)}  ${identities}`.trimEnd(),
  )
  const { columns } = process.stdout
  const cut = (line: string): string =>
    process.stdout.isTTY && line.length > columns ? `${line.slice(0, columns - 1)}…` : line
  return lines.map((line, index) => (index === 0 ? bold(cut(line)) : cut(line)))
}

/** @param blocked whether the identity that it was found by is blocked */
function show(user: UserRecord, blocked: boolean, json: boolean): void {
  if (json) printJson({ ...toAccount(user), ...(blocked && { blocked }) })
  else printLines(...describeUser(user), ...(blocked ? [red('This subject is blocked.')] : []))
}

function describeUser({ id, type, disabled, identities, ...dates }: UserRecord): string[] {
  const data = JSON.stringify(mergeData(identities))
  return [
    `id          ${id}`,
    `type        ${type}`,
    `disabled    ${disabled ? red('yes') : 'no'}`,
    `created     ${dateOf(dates.creation_date)}`,
    `last login  ${dateOf(dates.last_authentication_date)}`,
    ...identities.map((identity) => printable(`identity    ${nameOf(identity)}`)),
    printable(`data        ${data}`),
  ]
}

function refuse(wanted: { id: string } | { subject: string }, blocked: boolean, json: boolean): ExitCode {
  const note = blocked ? ' It is blocked.' : ''
  if (json) printJson({ ...wanted, found: false, ...(blocked && { blocked }) })
  else if ('id' in wanted) printLines(red(`There is no user ${wanted.id}.`))
  else printLines(red(printable(`There is no user with the subject ${wanted.subject}.${note}`)))
  return 1
}

async function act(
  name: string,
  store: Store,
  user: UserRecord,
  yes: boolean,
  json: boolean,
): Promise<ExitCode> {
  const { warning, run } = ACTIONS[name] ?? {}
  if (warning !== undefined && !yes && !(await confirm(user, warning))) {
    console.error('Nothing was done.')
    return 1
  }
  const done = (await askStore(async () => run?.(store, user))) ?? ''
  if (json) printJson({ id: user.id, found: true, [name]: true })
  else printLines(`${user.id} ${done}`)
  return 0
}

/** Asks the person at the terminal. Where there is nobody to answer, --yes has to be there. */
async function confirm(user: UserRecord, warning: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new OperationError(`this ${warning}: pass --yes`)
  console.error(describeUser(user).join('\n'))
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`This ${warning}. Type "yes" to continue: `)
    return answer.trim().toLowerCase() === 'yes'
  } finally {
    terminal.close()
  }
}
