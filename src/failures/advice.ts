/** What to do about a failure: by its code, by the system's own code behind it, or else by its category. */
import type { AdviceKey } from './advice-texts';
import { type Category, codeFacts } from './codes';

export { ADVICE, type AdviceKey } from './advice-texts';
export { CATEGORIES, type Category } from './codes';

/** The `system` of a refused proxy password, and of a proxy that takes no password of ours: no retry mends them. */
export const PROXY_AUTHENTICATION = 'PROXY_AUTHENTICATION_REQUIRED';
export const PROXY_NTLM = 'PROXY_NTLM_REQUIRED';

/** Node.js's and OpenSSL's own codes; a pattern where there are many of a kind. */
const SYSTEMS: readonly [RegExp, AdviceKey][] = [
  [/^(ENOTFOUND|EAI_\w+)$/, 'no-host'],
  [/^ECONNREFUSED$/, 'nobody-listens'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM|UND_ERR_CONNECT_TIMEOUT)$/, 'no-way'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/, 'connection-lost'],
  [new RegExp(`^${PROXY_AUTHENTICATION}$`), 'proxy-password'],
  [new RegExp(`^${PROXY_NTLM}$`), 'proxy-ntlm'],
  [/^PROXY_HTTP_/, 'proxy-refused'],
  [/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST)$/, 'no-https'],
  [/^CERT_HAS_EXPIRED$/, 'certificate-expired'],
  [/^CERT_NOT_YET_VALID$/, 'certificate-early'],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, 'certificate-host'],
  [/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_UNTRUSTED$|INVALID_CA$)/, 'certificate-authority'],
  [/^ERR_SSL_\w*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|HANDSHAKE_FAILURE)$/, 'client-certificate'],
];

/** Statuses by which a gateway tells of the tenant behind it, and those of the tenant's own errors. */
const STATUSES: readonly [RegExp, AdviceKey][] = [[/^CIAM\.HTTP\.50[234]$/, 'gateway'], [/^CIAM\.HTTP\.5/, 'server-error']];

const first = (patterns: readonly [RegExp, AdviceKey][], text: string): AdviceKey | undefined => patterns.find(([pattern]) => pattern.test(text))?.[1];

/** The catalogue key of the advice for a failure. */
export const adviceKey = (code: string, category: Category, system?: string): AdviceKey =>
  // A system's code is behind a network or TLS failure; of an outage it only names the last trouble.
  (code === 'CIAM.NETWORK' || code === 'CIAM.TLS' ? first(SYSTEMS, system ?? '') : first(STATUSES, code)) ?? codeFacts(code)?.advice ?? category;
