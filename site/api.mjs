// The reference of the API, from the doc comments of what package.json exports.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Application, Comment, ReflectionKind } from 'typedoc'

/** The modules that the package exports: their sources and their names. */
function entries(root) {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.entries(exports)
    .filter(([, { import: file }]) => file)
    .map(([subpath, { import: file }]) => ({
      name: name + subpath.slice(1),
      source: file.default.replace('./dist/esm/', 'lib/').replace(/\.js$/, '.ts'),
    }))
}

/** A preset returns options, with the values that it sets: each is explained where all options are. */
function explainPresets(project) {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.Property)) {
    const [, nested, name] =
      /\.issuers\.__type\.\w+\.__type\.__type\.(?:(\w+)\..*)?(\w+)$/.exec(reflection.getFullName()) ?? []
    if (!name || reflection.hasComment()) continue
    const text = nested
      ? `In \`${nested}\`.`
      : `The option [${name}](/docs/options.md#${name.toLowerCase()}).`
    reflection.comment = new Comment([{ kind: 'text', text }])
  }
}

/** A comment of its own, or of the function that it is. */
const isExplained = (reflection) =>
  [reflection, ...(reflection.signatures ?? []), ...(reflection.type?.declaration?.signatures ?? [])].some(
    (one) => one.hasComment(),
  )

/** Exports without a comment, and members of exported types, but for those of the language. */
function unexplained(project) {
  const exported = project.children.flatMap((module) => module.children ?? [])
  const members = exported.flatMap((type) => type.children ?? type.type?.declaration?.children ?? [])
  return [...exported, ...members]
    .filter((reflection) => !reflection.kindOf([ReflectionKind.Reference, ReflectionKind.Constructor]))
    .filter((reflection) => !isExplained(reflection) && !reflection.inheritedFrom)
    .map((reflection) => reflection.getFriendlyFullName())
}

/**
 * Writes a page for everything that the package exports.
 * @returns the navigation
 * @throws when something is not documented, or a link in a comment leads to nothing
 */
export async function writeApi(root, folder) {
  const modules = entries(root)
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: modules.map(({ source }) => join(root, source)),
    tsconfig: join(root, 'tsconfig.esm.json'),
    name: 'API',
    readme: 'none',
    excludeInternal: true,
    disableSources: true,
    // `npm run types` does it.
    skipErrorChecking: true,
    validation: { notDocumented: false, invalidLink: true, notExported: false },
    logLevel: 'Warn',
    outputs: [{ name: 'markdown', path: folder }],
    entryFileName: 'index',
    hidePageHeader: true,
    useCodeBlocks: true,
    indexFormat: 'table',
  })
  const project = await app.convert()
  if (!project) throw new Error('TypeDoc cannot read lib/')
  for (const module of project.children) {
    const { packagePath } = project.getSymbolIdFromReflection(module)
    module.name = modules.find(({ source }) => source === packagePath).name
  }
  explainPresets(project)
  const names = unexplained(project)
  if (names.length > 0) throw new Error(`Without a doc comment: ${names.join(', ')}`)
  app.validate(project)
  if (app.logger.hasErrors() || app.logger.validationWarningCount > 0)
    throw new Error('A link in a doc comment leads to nothing: see above')
  await app.generateOutputs(project)

  // A page is at <module>/<kind>/<name>.md.
  const pages = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.md'))
  const items = modules.map(({ name }) => ({
    text: name,
    link: `/api/${name}/index.md`,
    collapsed: true,
    items: pages
      .filter((path) => path.startsWith(`${name}/`) && path.slice(name.length).split('/').length === 3)
      .map((path) => ({ text: path.split('/').at(-1).replace('.md', ''), link: `/api/${path}` }))
      .sort((one, other) => one.text.localeCompare(other.text)),
  }))
  return { text: 'API', link: '/api/index.md', collapsed: true, items }
}
