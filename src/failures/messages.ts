/**
 * The sentences of failures, English by key; `__name__` stands for a value. The Chinese is in the catalogue `nodes/ciam-user/locales/zh-CN`;
 * the English catalogue has none, so that these stand only here.
 */

export const MESSAGES = {
  'the-tenant': 'the tenant',
  'tenant-not-found': 'The tenant does not know this user (__code__).',
  'tenant-invalid-input': 'The tenant does not accept this value (__code__).',
  'tenant-unauthorized': 'The tenant refused the token or the credentials (__code__, HTTP __status__).',
  'tenant-forbidden': 'The tenant does not let this app do that (__code__, HTTP __status__).',
  'tenant-rate-limited': 'The tenant limits the calls of this app (__code__, HTTP __status__).',
  'tenant-unavailable': 'The tenant is busy or out of order (__code__, HTTP __status__).',
  'tenant-rejected': 'The tenant refused the lookup (__code__, HTTP __status__).',
  'http': 'The tenant answered HTTP __status__ without an error code.',
  'timeout': 'No answer of __host__ within the timeout of __seconds__ s.',
  'queueTimeout': 'Its turn did not come within the queueTimeout of __seconds__ s.',
  'network': 'No connection to __host__ (__system__).',
  'proxy-unreachable': 'The proxy could not be reached (__system__).',
  'proxy-refused': 'The proxy did not connect to __host__ (__system__).',
  'proxy-authentication': 'The proxy asks for a user name and password, or refused them (__system__).',
  'proxy-ntlm': 'The proxy takes only NTLM or Kerberos (__system__).',
  'demo-start': 'The demo tenant could not start (__system__).',
  'tls': 'No trusted connection to __host__ (__system__).',
  'queue-full': 'The queue is full: at most __limit__ lookups may wait (queueLimit).',
  'circuit': '__host__ has been unreachable for as long as the timeout allows; last trouble: __system__.',
  'circuit-unknown': '__host__ has been unreachable for as long as the timeout allows.',
  'list': '__failed__ of __total__ items of the list failed.',
  'closed': 'The flow was redeployed or stopped before the answer came.',
  'input-missing': 'There is nothing to look up: the value is missing.',
  'input-empty': 'There is nothing to look up: the value is empty.',
  'input-separators': 'There is nothing to look up: the value holds separators only.',
  'input-kind': 'The value must be text, a Buffer or Uint8Array of UTF-8, or a whole number that is not negative; its type is __kind__.',
  'input-bytes': 'The bytes to look up are not UTF-8 text.',
  'input-too-long': 'The value is longer than __limit__ characters.',
  'input-control': 'The value holds control characters.',
  'input-rounded': 'The mobile number was rounded, by a spreadsheet perhaps: format its column as text.',
  'input-two-numbers': 'The value holds more than one mobile number: look them up one by one.',
  'input-slash': 'A user id holds no slash.',
  'input-no-id': 'The value is not a user id.',
  'input-by': 'by must be one of __choices__.',
  'input-unreadable': 'The value cannot be read.',
  'input-expression': 'The value cannot be read: __type__ "__value__" gives an error.',
  'input-no-property': 'The message has no msg.__path__.',
  'input-list': 'The list cannot be read.',
  'input-unwritable': 'The message cannot be written or sent.',
  'config-missing-domain': 'is missing: it is the host name of your tenant, such as tenant.example.com.',
  'config-missing-token': 'is missing: the access token of your tenant.',
  'config-missing-clientId': 'is missing: the client id of your app.',
  'config-missing-clientSecret': 'is missing: the client secret of your app.',
  'config-missing-tenant': 'is missing: choose a tenant node that exists and is enabled.',
  'config-missing-value': 'is missing: say where to find what is looked up.',
  'config-missing-output': 'is missing: say which property of the message gets the result.',
  'config-missing-tls': 'the TLS node does not exist or is disabled.',
  'config-missing-proxy': 'the proxy node does not exist, is disabled or has no URL.',
  'config-malformed': 'must be a host name such as tenant.example.com, with a port if needed; https is added for you.',
  'config-insecure': 'must use https; http is for this machine only, so that no secret travels in clear.',
  'config-quoted': 'stands in quotes: remove them.',
  'config-trailing': 'ends with a comma or a semicolon: remove it.',
  'config-variable': 'names an environment variable that is not set, or that is not the whole value.',
  'config-unset': 'the environment variable __variable__ is not set.',
  'config-later': 'the variable __variable__ has a value once the flow is deployed: known after Deploy.',
  'config-number': 'must be a number from __min__ to __max__.',
  'config-whole-number': 'must be a whole number from __min__ to __max__.',
  'config-switch': 'must be true or false.',
  'config-choice': 'must be one of __choices__.',
  'config-text': 'must be text.',
  'config-fields': 'must be names separated by commas.',
  'config-path': 'must be a name or a path, such as mobile or contact.mobile.',
  'config-jsonata': 'is not a JSONata expression.',
  'config-place': 'the message has no place of this name.',
  'config-reserved': 'may not be msg.error or msg.lookup, which the node writes itself.',
  'config-timezone': 'must be an offset such as +08:00.',
  'config-characters': 'holds characters that cannot be sent.',
  'config-long': 'is longer than __limit__ characters.',
  'config-colon': 'a client id with a colon cannot be sent in the Authorization header.',
  'config-url': 'must be a URL such as http://proxy.example.com:3128.',
  'config-proxy-variable': 'the environment variable https_proxy or http_proxy must be a URL such as http://proxy.example.com:3128.',
  'config-function': 'must be a function.',
  'config-tls-unreadable': 'the TLS node cannot read its certificate or key.',
  'config-tls-passphrase': 'the passphrase does not open the key.',
  'config-tls-pair': 'the key belongs to another certificate.',
  'config-tls-pem': 'the certificate, the key or the CA certificate is no PEM.',
  'response-not-http': 'The answer cannot be used: not HTTP.',
  'response-large': 'The answer cannot be used: over 1 MiB.',
  'response-redirect': 'The answer cannot be used: HTTP __status__, a redirect, which is never followed.',
  'response-not-json': 'The answer cannot be used: not a JSON object.',
  'response-without': 'The answer cannot be used: an object without __expected__.',
  'response-code': 'The answer cannot be used: an error code of ours.',
} as const;
export type MessageKey = keyof typeof MESSAGES;

type Reason<Kind extends string> = MessageKey extends infer Key ? (Key extends `${Kind}-${infer Name}` ? Name : never) : never;
/** Why a value, a setting or an answer is refused: keys without their first word. Of a setting the sentence stands after its name. */
export type InputReason = Reason<'input'>;
export type ConfigReason = Reason<'config'>;
export type ResponseReason = Reason<'response'>;

/** What the places of a sentence are filled with. */
export type Values = Readonly<Record<string, string | number>>;

/** A sentence with its places filled; a place without a value stays as it is. */
export const filled = (sentence: string, values: Values): string =>
  sentence.includes('__') ? sentence.replace(/__([a-zA-Z]+)__/g, (place, name: string) => String(Object.hasOwn(values, name) ? values[name] : place)) : sentence;
