/** Every file that shows what was measured, as it has to be: its path in the repository, and its text. */
export function renderAll(): readonly { readonly path: string; readonly text: string }[]
