import type { Problems } from '../problems.js'
import { isObjectId } from '../users/user-id.js'
import type { ExportedApp } from './exported-app.js'
import { placeOf, type Section } from './exported-file.js'
import { isText, type Report } from './report.js'
import type { Templates } from './templates.js'

interface Parts {
  readonly templates: Templates
  readonly problems: Problems
  readonly report: Report
}

const EXAMPLE = 'the App ID that clients use, e.g. myapp-abcde'

/** The App ID, from the settings or from the export. */
export function readAppId(
  app: ExportedApp,
  given: { readonly appId?: string | undefined },
  { templates, problems, report }: Parts,
): string | undefined {
  const exported = findAppId(app)
  const value = exported && (templates.expand(exported.value, exported.place) as string | undefined)
  if (!('appId' in given)) {
    // If it cannot be read or expanded, that has already been reported.
    if (exported || app.hasUnreadableSettings || !app.provider) return value
    problems.add(
      'appId',
      'is not in any file of the export',
      `Pass ${EXAMPLE} (on the command line, --app-id)`,
    )
    return undefined
  }
  const { appId } = given
  if (appId !== undefined && isObjectId(appId.toLowerCase())) {
    const fix = value === undefined ? `Pass ${EXAMPLE}` : `Pass ${value}, as ${exported?.place ?? ''} has it`
    problems.add('appId', `is ${appId}: the internal id of the app, which no client sends`, fix)
    return undefined
  }
  if (exported && appId !== value)
    report(exported.place, 'is not the given App ID', 'Keep the old one, unless you change all clients')
  return problems.text('appId', appId, `Pass ${EXAMPLE}`)
}

function findAppId({ settings, meta }: ExportedApp): { value: string; place: string } | undefined {
  const candidates: readonly (readonly [Section | undefined, string])[] = [
    [settings, 'app_id'],
    [meta, 'client_app_id'],
  ]
  for (const [section, key] of candidates) {
    const value = section?.content[key]
    // An ObjectId there is the service's own id of the app.
    if (section && isText(value) && !isObjectId(value.toLowerCase()))
      return { value, place: placeOf(section, key) }
  }
  return undefined
}
