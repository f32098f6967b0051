export function linkCommand(folder: string): void
