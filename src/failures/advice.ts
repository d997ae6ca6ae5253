/** What to do about a failure: by its code, by the system's own code behind it, or else by its category. */
import { type Category, codeFacts } from './codes';

export { CATEGORIES, type Category } from './codes';

/** The `system` of a refused proxy password, and of a proxy that takes no password of ours: no retry mends them. */
export const PROXY_AUTHENTICATION = 'PROXY_AUTHENTICATION_REQUIRED';
export const PROXY_NTLM = 'PROXY_NTLM_REQUIRED';

/**
 * English advice by key; `__host__` stands for the host. The Chinese is in the catalogue `nodes/ciam-user/locales/zh-CN`,
 * and `npm run tables` writes the English one.
 */
export const ADVICE = {
  'not-found': 'Check that this user exists in the tenant, in the form the tenant stores it.',
  'invalid-input': 'Check the value that is looked up: a mobile number, username, email or user ID, as text.',
  'item': 'The value is an object: write in "item" where it holds what is looked up, such as mobile or contact.mobile.',
  'mobile-rule': 'Write the number as the tenant expects it, for example 13800001111 or +86-13800001111; the rule is in the admin portal under Users > User Attribute Definition.',
  'name-rule': 'Write the name as the tenant expects it; the rule is in the admin portal under Users > User Attribute Definition.',
  'dialling-code': 'Allow this dialling code in the admin portal under Enterprise Configuration > International Dialing Code Configuration, or look up another number.',
  'unauthorized': 'Check the token, or the client id and secret, in the tenant node; a token may have expired.',
  'client-credentials': 'Check the client id and client secret in the tenant node against the admin portal; after a reset only the new secret works.',
  'client-grant': 'Allow this app in the admin portal to sign in with client credentials (grant type client_credentials).',
  'token-request': 'Choose "body" for how the client id and secret are sent (clientAuth): a strict server may want a secret with + or % there.',
  'forbidden': 'Grant the API user_read to this app in the admin portal: Resources > Applications > the app > API Permissions > Built-in APIs.',
  'app': 'Check in the admin portal that the app exists and is enabled.',
  'whitelist': 'Check in the admin portal that the address of this machine is on the IP whitelist of the app (Security settings), and that the API user_read is granted to it.',
  'rate-limited': 'Send fewer lookups: set a rate limit in the tenant node, or try again later.',
  'overloaded': 'Slow the messages down, or raise the queue limit in the tenant node.',
  'unavailable': 'Try again later; check the domain, the proxy and the network if it stays so.',
  'no-host': 'Check the spelling of the domain, and that this machine can look it up: no address is known for __host__.',
  'nobody-listens': 'Check host and port: nobody listens at __host__.',
  'no-way': 'Check the network, the firewall and the proxy of this machine: no connection to __host__ came about.',
  'connection-lost': 'Try again later. If every call ends so, check the proxy and the firewall, and that the address of this machine is on the IP whitelist of the app.',
  'proxy': 'Check the address of the proxy, and that it may connect to __host__.',
  'proxy-password': 'Check the user name and password in the proxy node.',
  'proxy-ntlm': 'Use a proxy that takes a user name and password (Basic), or put a local one such as cntlm or px in between: this proxy wants NTLM or Kerberos.',
  'circuit': 'Wait: the tenant is asked again by itself every few seconds. Check the domain and the network if it stays so.',
  'timeout': 'Try again later, or raise the timeout in the tenant node.',
  'untrusted': 'Check the domain; for a certificate of your own authority, choose a TLS node that knows it.',
  'no-https': 'Check the port: __host__ does not speak https there. For the simulator on this machine, write http:// before the host.',
  'certificate-expired': 'Have the certificate of __host__ renewed by whoever runs it; if it is still valid, set the clock of this machine.',
  'certificate-early': 'Set the clock of this machine: the certificate of __host__ is not valid yet.',
  'certificate-host': 'Check the domain: the certificate is that of another host than __host__. The TLS node can name the server.',
  'certificate-authority': 'Choose a TLS node with the CA certificate of your own authority: the one that signed the certificate of __host__ is unknown.',
  'client-certificate': 'Choose a TLS node with the client certificate and key that the tenant wants.',
  'bad-response': 'Check the domain: something other than the tenant seems to answer, such as a proxy or a login page.',
  'not-served': 'Check the domain, and whether this tenant offers this kind of lookup.',
  'rejected': 'Look up the code in the documentation of the tenant.',
  'list': 'See the failures of the list, one by one, in the message.',
  'config': 'Correct the property that the message names, in the tenant node or in the lookup node.',
  'quotes': 'Remove the quotes round the value: docker --env-file, for one, keeps them.',
  'client-id-colon': 'Choose "body" for how the client id and secret are sent (clientAuth): in the Authorization header a colon ends the client id.',
  'tls-passphrase': 'Correct the passphrase in the TLS node.',
  'tls-pair': 'Choose the certificate and the key that belong together in the TLS node.',
  'tls-pem': 'Give the TLS node certificate and key as PEM text, from -----BEGIN to -----END.',
  'cancelled': 'Send the message again: the flow was restarted meanwhile.',
} as const;
export type AdviceKey = keyof typeof ADVICE;

/** Node.js's and OpenSSL's own codes; a pattern where there are many of a kind. */
const SYSTEMS: readonly [RegExp, AdviceKey][] = [
  [/^(ENOTFOUND|EAI_\w+)$/, 'no-host'],
  [/^ECONNREFUSED$/, 'nobody-listens'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM|UND_ERR_CONNECT_TIMEOUT)$/, 'no-way'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/, 'connection-lost'],
  [new RegExp(`^${PROXY_AUTHENTICATION}$`), 'proxy-password'],
  [new RegExp(`^${PROXY_NTLM}$`), 'proxy-ntlm'],
  [/^PROXY_HTTP_/, 'proxy'],
  [/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST)$/, 'no-https'],
  [/^CERT_HAS_EXPIRED$/, 'certificate-expired'],
  [/^CERT_NOT_YET_VALID$/, 'certificate-early'],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, 'certificate-host'],
  [/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_UNTRUSTED$|INVALID_CA$)/, 'certificate-authority'],
  [/^ERR_SSL_\w*(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|HANDSHAKE_FAILURE)$/, 'client-certificate'],
];

/** The catalogue key of the advice for a failure. */
export const adviceKey = (code: string, category: Category, system?: string): AdviceKey =>
  // A system's code is behind a network or TLS failure; of an outage it only names the last trouble.
  (code === 'CIAM.NETWORK' || code === 'CIAM.TLS' ? SYSTEMS.find(([pattern]) => pattern.test(system ?? ''))?.[1] : undefined) ?? codeFacts(code)?.advice ?? category;
