/** What to do about a failure: by its code, by the system's own code behind it, or else by its category. */
import type { AdviceKey } from './advice-texts';
import { type Category, codeFacts, isFailedStatus } from './codes';

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
  [/^PROXY_AUTHENTICATION_REQUIRED$/, 'proxy-password'],
  [/^PROXY_NTLM_REQUIRED$/, 'proxy-ntlm'],
  [/^PROXY_HTTP_/, 'proxy-refused'],
  [/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST)$/, 'no-https'],
  [/^CERT_HAS_EXPIRED$/, 'certificate-expired'],
  [/^CERT_NOT_YET_VALID$/, 'certificate-early'],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, 'certificate-host'],
  [/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_UNTRUSTED$|INVALID_CA$)/, 'certificate-authority'],
  [/^ERR_SSL_\w*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|HANDSHAKE_FAILURE)$/, 'client-certificate'],
];

const bySystem = (system: string): AdviceKey | undefined => SYSTEMS.find(([pattern]) => pattern.test(system))?.[1];

/** An answer that blames the tenant: a gateway tells of the tenant behind it, or it is an error of the tenant's own. */
const byStatus = (status: number): AdviceKey | undefined => (isFailedStatus(status) ? 'gateway' : status >= 500 ? 'server-error' : undefined);

/** The catalogue key of the advice for a failure. */
export const adviceKey = (code: string, category: Category, status: number | null, system?: string): AdviceKey =>
  (system === undefined ? undefined : bySystem(system)) ?? codeFacts(code)?.advice ?? byStatus(status ?? 0) ?? category;
