import type { IdentityName, Store } from '../stores/store.js'
import { nameIdentity, PROVIDER } from '../user.js'
import { linkByHand } from '../users/administration.js'
import { UsageError, type ExitCode, type Flags, type Values } from './command.js'
import { askStore } from './store-flags.js'
import { printable, printJson, printLines, red } from './terminal.js'

/** The largest value of the option `maxIdentities`, since the command does not know the app's. */
const MAX_IDENTITIES = 1000
/** The actions that are about an identity. */
export const TAKING_SUBJECT: readonly string[] = ['find', 'link', 'block', 'unblock']

/** How an identity is named on the command line. */
export const IDENTITY_FLAGS = {
  subject: { type: 'string', value: '<sub>', about: "find, link, block: the sub of the person's tokens" },
  provider: {
    type: 'string',
    value: '<name>',
    about: 'find, link, block: its name in the option providers, if any',
  },
  'provider-type': { type: 'string', value: '<type>', about: `find, link: default ${PROVIDER}` },
} as const satisfies Flags

/** The identity that an action is about. */
export function readIdentity(action: string, values: Values<typeof IDENTITY_FLAGS>): IdentityName {
  const { subject, provider, 'provider-type': provider_type = PROVIDER } = values
  const isWanted = TAKING_SUBJECT.includes(action)
  if (isWanted && (subject === undefined || subject.trim() === ''))
    throw new UsageError(`${action} takes --subject`)
  if (!isWanted && subject !== undefined)
    throw new UsageError(`--subject goes with ${TAKING_SUBJECT.join(', ')}`)
  return { ...nameIdentity(subject ?? '', provider), provider_type }
}

export function nameOf({ provider_type, provider_id, id }: IdentityName): string {
  return [provider_type, ...(provider_id === undefined ? [] : [`(${provider_id})`]), id].join(' ')
}

export async function link(
  store: Store,
  user: { readonly id: string },
  identity: IdentityName,
  json: boolean,
): Promise<ExitCode> {
  const outcome = await askStore(() => linkByHand(store, user.id, identity, MAX_IDENTITIES))
  const isLinked = typeof outcome === 'object'
  const refusals = {
    taken: 'another user has it',
    full: 'the user has as many as possible',
    missing: 'the user is gone',
  }
  if (json) printJson({ id: user.id, found: true, link: isLinked, ...(!isLinked && { reason: outcome }) })
  else if (isLinked) printLines(printable(`${user.id} has the identity ${nameOf(identity)}`))
  else printLines(red(printable(`${nameOf(identity)} was not linked: ${refusals[outcome]}.`)))
  return isLinked ? 0 : 1
}

export async function setBlocked(
  store: Store,
  identity: IdentityName,
  blocked: boolean,
  json: boolean,
): Promise<ExitCode> {
  const changed = await askStore(() => store.setIdentityBlocked(identity, blocked))
  const already = changed ? '' : ', as before'
  if (json) printJson({ subject: identity.id, blocked, changed })
  else printLines(printable(`${nameOf(identity)} is ${blocked ? 'blocked' : 'not blocked'}${already}`))
  return 0
}
