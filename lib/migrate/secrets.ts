import { isBag, isText } from './report.js'

/** Values by name: an object, or `process.env`. */
export type Secrets = Readonly<Record<string, string | undefined>>

/**
 * The names that a secret is looked for under, in order: its own, `NAME_OF_THE_SECRET` and `name_of_the_secret`. The
 * original's names may hold characters that variables cannot (`jwt-key.2024`): each becomes `_`, and a name that begins
 * with a digit gets a `_` in front.
 */
export function namesOfSecret(name: string): readonly string[] {
  const variable = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_')
  return [...new Set([name, variable.toUpperCase(), variable])]
}

/** The value of a secret; undefined when there is none, or a blank one. */
export function findSecret(name: string, secrets: Secrets): string | undefined {
  const found = namesOfSecret(name).find((candidate) => isThere(secrets, candidate))
  return found === undefined ? undefined : secrets[found]
}

// Own properties only, or a secret named `constructor` would be found everywhere.
function isThere(secrets: Secrets, name: string): boolean {
  return Object.hasOwn(secrets, name) && secrets[name]?.trim() !== ''
}

/** The values that an exported `secrets.json` holds: by name, or by provider and field. */
export function secretsOfExport(
  content: unknown,
  provider: readonly unknown[],
): readonly [Secrets, readonly string[]] {
  if (!isBag(content)) return [{}, []]
  const named = Object.entries(content).filter((entry): entry is [string, string] => isText(entry[1]))
  const providers = isBag(content.auth_providers) ? content.auth_providers : {}
  // Some exporters name a provider by its id there.
  const own = provider
    .map((name) => (isText(name) && Object.hasOwn(providers, name) ? providers[name] : undefined))
    .find(isBag)
  const keys = [own?.signingKeys ?? own?.signingKey].flat().filter(isText)
  return [Object.fromEntries(named), keys]
}
