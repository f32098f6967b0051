/** The anchor of a heading, as GitHub makes it: what links in docs/ and the `docs` of an error lead to. */
export const anchor = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
