/** One thing that `check` looked at. */
export interface Finding {
  readonly name: string
  /** Problems make the exit code 1; notes do not. */
  readonly level: 'ok' | 'note' | 'problem'
  readonly text: string
  readonly fix?: string
}
