import { show, type Check } from './steps.js'
import type { TokenHeader } from '../jws/compact.js'

/** The checks of the header, made before any key is looked at. */
export const headerChecks: readonly Check<TokenHeader>[] = [
  {
    name: 'alg',
    refuse: ({ alg }, { algorithm }) => (alg === algorithm ? undefined : 'TOKEN_ALGORITHM'),
    expected: ({ algorithm }) => algorithm,
    got: ({ alg }) => show(alg),
    fix: (_code, { alg }, { algorithm }) =>
      // Whoever follows the advice for a forged token must not end with a public key as an HMAC secret.
      !algorithm.startsWith('HS') && String(alg).startsWith('HS')
        ? `Let the issuer sign with ${algorithm}; if it does, this token is forged`
        : `Let the issuer sign with ${algorithm}, or set signingAlgorithm to what it signs with and pass the matching key`,
  },
  {
    name: 'typ',
    refuse: ({ typ }, { allowedTypes }) => (allowedTypes.has(normalizeType(typ)) ? undefined : 'TOKEN_TYPE'),
    expected: ({ allowedTypes }) => [...allowedTypes].map((type) => type ?? 'absent').join(' or '),
    got: ({ typ }) => show(typ),
    fix: (_code, { typ }) =>
      `If this issuer's tokens are like that, add ${typ === undefined ? 'null' : show(typ)} to allowedTypes`,
  },
  {
    // RFC 7515 §4.1.11: an extension that is not understood must be refused, and this package understands none.
    name: 'crit',
    refuse: (header) => ('crit' in header || 'b64' in header ? 'TOKEN_CRITICAL_HEADER' : undefined),
    expected: () => 'absent',
    got: ({ crit, b64 }) =>
      crit === undefined ? (b64 === undefined ? 'absent' : `b64: ${show(b64)}`) : show(crit),
    fix: () => 'Let the issuer leave these header parameters out',
  },
]

/** A type as it is compared: in lower case, without the `application/` that may be left out (RFC 7515 §4.1.9). */
export function normalizeType(typ: unknown): string | null {
  if (typ === undefined) return null
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : ''
}
