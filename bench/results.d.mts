/** What was measured in one run of a part, and on what. */
export interface Result {
  readonly command: string
  readonly date: string
  readonly machine: { readonly cores: number; readonly cpu: string }
  readonly load: { readonly start: number; readonly end: number }
  readonly versions: Readonly<Record<string, string>>
  readonly measured: unknown
}

export function readResults(): Readonly<Record<string, Result>>
