// Five generations of the original service's clients, unmodified, behind one face. They are installed into this folder,
// which has a package.json of its own: the root's `npm ci` stays short.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type * as RealmWeb from 'realm-web'

/** What an app does with a client. */
export interface OldClient {
  /** Resolves to the user's id. */
  readonly logIn: (jwt: string) => Promise<string>
  readonly link: (jwt: string) => Promise<unknown>
  /** Calls a function of the app's with the access token. */
  readonly call: (name: string) => Promise<unknown>
  readonly isLoggedIn: () => boolean
  readonly close: () => void
}

export type OpenOldClient = (appId: string, baseUrl: string) => Promise<OldClient> | OldClient

const folder = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)

/** Installs what package.json and its lock file say, unless that is there already. */
export function installOldClients(): void {
  const { dependencies } = readJson('package.json') as { dependencies: Record<string, string> }
  const isInstalled = ([name, wanted]: [string, string]): boolean => {
    try {
      const { version } = readJson(`node_modules/${name}/package.json`) as { version: string }
      return wanted.endsWith(version)
    } catch {
      return false // not there
    }
  }
  if (Object.entries(dependencies).every(isInstalled)) return
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'))

const realmWeb =
  (version: string): OpenOldClient =>
  (id, baseUrl) => {
    const { App, Credentials, getEnvironment } = require(`realm-web-${version}`) as typeof RealmWeb
    getEnvironment().defaultStorage.clear() // each client is on a new device
    const app = new App({ id, baseUrl })
    const user = () => {
      if (!app.currentUser) throw new Error('nobody is logged in')
      return app.currentUser
    }
    return {
      logIn: async (jwt) => (await app.logIn(Credentials.jwt(jwt))).id,
      link: (jwt) => user().linkCredentials(Credentials.jwt(jwt)),
      call: (name) => user().callFunction(name),
      // The versions differ in when they take a user without tokens for the current one.
      isLoggedIn: () => Boolean(app.currentUser?.isLoggedIn && app.currentUser.refreshToken),
      close: () => undefined,
    }
  }

/** What is used of `mongodb-stitch-server-sdk`. */
interface StitchSdk {
  readonly Stitch: {
    initializeAppClient(
      appId: string,
      config: unknown,
    ): {
      readonly auth: {
        readonly isLoggedIn: boolean
        readonly user: { linkWithCredential(credential: unknown): Promise<unknown> }
        loginWithCredential(credential: unknown): Promise<{ readonly id: string }>
      }
      callFunction(name: string, args: unknown[]): Promise<unknown>
      close(): void
    }
    clearApps(): void
  }
  readonly StitchAppClientConfiguration: {
    readonly Builder: new () => {
      withBaseUrl(url: string): StitchBuilder
    }
  }
  readonly CustomCredential: new (jwt: string) => object
}

interface StitchBuilder {
  withDataDirectory(folder: string): { build(): unknown }
}

const stitch4: OpenOldClient = (appId, baseUrl) => {
  const { Stitch, StitchAppClientConfiguration, CustomCredential } =
    require('mongodb-stitch-server-sdk') as StitchSdk
  const data = mkdtempSync(join(tmpdir(), 'stitch-'))
  Stitch.clearApps()
  const config = new StitchAppClientConfiguration.Builder()
    .withBaseUrl(baseUrl)
    .withDataDirectory(data)
    .build()
  const client = Stitch.initializeAppClient(appId, config)
  return {
    logIn: async (jwt) => (await client.auth.loginWithCredential(new CustomCredential(jwt))).id,
    link: (jwt) => client.auth.user.linkWithCredential(new CustomCredential(jwt)),
    call: (name) => client.callFunction(name, []),
    isLoggedIn: () => client.auth.isLoggedIn,
    close() {
      client.close()
      rmSync(data, { recursive: true })
    },
  }
}

/** What is used of `mongodb-stitch`. */
interface OldStitchSdk {
  readonly StitchClientFactory: {
    create(
      appId: string,
      options: { baseUrl: string },
    ): Promise<{
      authenticate(provider: 'custom', jwt: string): Promise<string>
      linkWithProvider(provider: 'custom', jwt: string): Promise<unknown>
      executeFunction(name: string): Promise<unknown>
      isAuthenticated(): boolean
    }>
  }
}

const stitch3: OpenOldClient = async (appId, baseUrl) => {
  const { StitchClientFactory } = require('mongodb-stitch') as OldStitchSdk
  const client = await StitchClientFactory.create(appId, { baseUrl })
  return {
    logIn: (jwt) => client.authenticate('custom', jwt),
    link: (jwt) => client.linkWithProvider('custom', jwt),
    call: (name) => client.executeFunction(name),
    isLoggedIn: () => client.isAuthenticated(),
    close: () => undefined,
  }
}

export const oldClients: Readonly<Record<string, OpenOldClient>> = {
  'realm-web 1.0.0': realmWeb('1.0.0'),
  'realm-web 1.7.1': realmWeb('1.7.1'),
  'realm-web 2.0.0': realmWeb('2.0.0'),
  'realm-web 2.0.1': realmWeb('2.0.1'),
  'mongodb-stitch-server-sdk 4.9.0': stitch4,
  'mongodb-stitch 3.18.0': stitch3,
}
