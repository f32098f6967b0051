import type { Problems } from '../problems.js'
import type { ExportedApp } from './exported-app.js'
import { found, isBag, isEmpty, isText, reportUnknown, type Bag, type Report } from './report.js'
import type { Templates } from './templates.js'

/** The settings that made requests run as someone other than their user. */
const RUN_AS = ['run_as_system', 'run_as_user_id', 'run_as_user_id_script_source']
/** Reported below, or without a counterpart to miss: custom data is always there, and arguments are never logged. */
const KNOWN_KEYS = [
  ...['create_user_on_auth', 'disabled', 'return_type', 'versions', 'validation_method', 'secret_name'],
  ...['can_evaluate', 'fetch_custom_user_data', 'log_function_arguments', ...RUN_AS],
]

/** Whether requests may create users: the option `autoCreateUser`. Undefined when the Data API's file is not there. */
export function readDataApi(
  { dataApi }: ExportedApp,
  templates: Templates,
  problems: Problems,
  report: Report,
): boolean | undefined {
  if (dataApi?.content === undefined) return undefined
  const { name } = dataApi
  if (!isBag(dataApi.content))
    problems.add(name, found(dataApi.content), 'Write an object, as the exporter does')
  const raw: Bag = isBag(dataApi.content) ? dataApi.content : {}
  // Conditions in can_evaluate are made of expressions, which are for requests.
  const expanded = templates.expandSection({ file: name, path: '', content: { ...raw, can_evaluate: {} } })
  if (!expanded) return undefined
  const given: Bag = { ...expanded.content, can_evaluate: raw.can_evaluate }
  reportUnknown(`${name}: `, given, KNOWN_KEYS, report)
  const creates = problems.boolean(`${name}: create_user_on_auth`, given.create_user_on_auth, false)
  if (problems.boolean(`${name}: disabled`, given.disabled, false)) {
    const effect = creates ? ', so that create_user_on_auth had no effect and is not carried over' : ''
    report(
      `${name}: disabled`,
      `the Data API was off${effect}`,
      'Set autoCreateUser if requests create users',
    )
    return false
  }
  reportRules(name, given, report)
  return creates
}

function reportRules(name: string, given: Bag, report: Report): void {
  if (isText(given.return_type))
    report(
      `${name}: return_type`,
      `${given.return_type}: the guard answers no such request`,
      'Start your endpoint from examples/data-api',
    )
  for (const key of RUN_AS)
    if (given[key] === true || isText(given[key]))
      report(
        `${name}: ${key}`,
        'had requests act as someone other than their user',
        'A request is its own user here: decide what your endpoint lets each user do',
      )
  if (!isEmpty(given.can_evaluate))
    report(`${name}: can_evaluate`, 'limited who may send requests', 'Write a check after the guard')
  const secret = secretOf(given)
  if (secret !== undefined)
    report(`${name}: validation_method`, `let in only ${secret}`, 'Write a check after the guard')
}

/** Describes the secret that an endpoint required; undefined when it required none. */
export function secretOf({ validation_method: method, secret_name: name }: Bag): string | undefined {
  if (!isText(method) || method === 'NO_VALIDATION') return undefined
  return `requests with the secret "${isText(name) ? name : ''}" (${method})`
}
