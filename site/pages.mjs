// What the site consists of, in the order of its navigation: Markdown files of the repository. The reference of the API and
// the examples are added by build.mjs.
export const SECTIONS = {
  Guide: [
    'README.md',
    'docs/issuers.md',
    'docs/authorization.md',
    'docs/coming-from.md',
    'docs/in-your-app.md',
    'docs/other-ways-in.md',
    'docs/stores.md',
    'docs/inspect.md',
    'docs/testing.md',
    'docs/writing-a-store.md',
  ],
  Reference: ['docs/options.md', 'docs/errors.md', 'docs/cli.md'],
  'Leaving App Services': ['docs/migrating-from-app-services.md', 'docs/realm-object-server.md'],
  Project: [
    'CHANGELOG.md',
    'SECURITY.md',
    'docs/security.md',
    'bench/README.md',
    'CONTRIBUTING.md',
    'CODE_OF_CONDUCT.md',
  ],
}
