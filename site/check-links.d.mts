export function checkLinks(folder: string): number
