export function anchor(heading: string): string
