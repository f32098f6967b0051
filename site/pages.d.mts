/** The sections of the site's navigation, and the Markdown files of the repository in each. */
export const SECTIONS: Readonly<Record<string, readonly string[]>>
