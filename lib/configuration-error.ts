/** One mistake in the options. */
export interface ConfigurationProblem {
  /** The path of the option, e.g. `signingKeys[0]`. */
  readonly option: string
  /** What is wrong with it. */
  readonly problem: string
  /** What to do about it. */
  readonly fix: string
}

/** Thrown synchronously at start-up: every problem in the options at once. */
export class ConfigurationError extends Error {
  /** Always `ConfigurationError`. */
  override readonly name = 'ConfigurationError'
  /** Always `CONFIGURATION_INVALID`. */
  readonly code = 'CONFIGURATION_INVALID'
  /** Not enumerable, since Node would print it again after the message, which has it all. */
  declare readonly problems: readonly ConfigurationProblem[]
  /** The page that explains every option, in the installed package. */
  declare readonly docs: string

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(({ option, problem, fix }) => `  - ${option}: ${problem}. ${fix}.`)
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super(`custom-jwt-auth: ${count} in the options\n${lines.join('\n')}`)
    Object.defineProperty(this, 'problems', { value: problems })
    Object.defineProperty(this, 'docs', { value: 'node_modules/custom-jwt-auth/docs/options.md' })
  }
}
