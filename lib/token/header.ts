import type { Algorithm } from '../keys/key-source.js'
import type { Check } from './check.js'
import { show } from './hints.js'
import { normalizeType, type TokenRules } from './token-options.js'

/** The checks of the header, made before any key is looked at. */
export function headerChecks({ algorithms, allowedTypes }: TokenRules): readonly Check[] {
  const isAllowed = (alg: unknown): boolean => algorithms.includes(alg as Algorithm)
  const these = algorithms.join(' or ')
  return [
    {
      name: 'alg',
      refuse: ({ token: { header } }) => (isAllowed(header.alg) ? undefined : 'TOKEN_ALGORITHM'),
      expected: () => these,
      got: ({ token: { header } }) => show(header.alg),
      fix: (_code, { token: { header } }) =>
        // Following the advice for a forged token must never end with a public key used as an HMAC secret.
        !algorithms.every((name) => name.startsWith('HS')) && String(header.alg).startsWith('HS')
          ? `Have the issuer sign with ${these}; if it does, this token is forged`
          : `Have the issuer sign with ${these}, or set signingAlgorithm to what it signs with and pass the matching key`,
    },
    {
      name: 'typ',
      refuse: ({ token: { header } }) =>
        allowedTypes.has(normalizeType(header.typ)) ? undefined : 'TOKEN_TYPE',
      expected: () => [...allowedTypes].map((type) => type ?? 'absent').join(' or '),
      got: ({ token: { header } }) => show(header.typ),
      fix: (_code, { token: { header } }) =>
        `If this issuer's tokens are like that, add ${header.typ === undefined ? 'null' : show(header.typ)} to allowedTypes`,
    },
    {
      // RFC 7515 §4.1.11: an extension that is not understood must be refused, and this package understands none.
      name: 'crit',
      refuse: ({ token: { header } }) =>
        'crit' in header || 'b64' in header ? 'TOKEN_CRITICAL_HEADER' : undefined,
      expected: () => 'absent',
      got({ token: { header } }) {
        const { crit, b64 } = header
        return crit === undefined && b64 !== undefined ? `b64: ${show(b64)}` : show(crit)
      },
      fix: () => 'Have the issuer leave these header parameters out',
    },
    {
      name: 'kid',
      refuse: ({ token: { header } }) =>
        header.kid === undefined || typeof header.kid === 'string' ? undefined : 'TOKEN_KEY_ID_UNKNOWN',
      expected: () => 'absent, or a string',
      got: ({ token: { header } }) => show(header.kid),
      fix: () => 'Have the issuer write kid as a string',
    },
  ]
}
