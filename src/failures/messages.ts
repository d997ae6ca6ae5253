/** The sentences of our own codes, English by key; `__name__` stands for a value. Written, translated and filled in as the advice is. */

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
  'demo-starting': 'The demo tenant is starting (__system__).',
  'tls': 'No trusted connection to __host__ (__system__).',
  'response': 'The answer is not a user: __what__.',
  'queue-full': '__limit__ lookups are waiting already (queueLimit).',
  'circuit': '__host__ has been unreachable for as long as the timeout allows; last trouble: __system__.',
  'circuit-unknown': '__host__ has been unreachable for as long as the timeout allows.',
  'list': '__failed__ of __total__ items of the list failed.',
  'closed': 'The flow was redeployed or stopped before the answer came.',
} as const;
export type MessageKey = keyof typeof MESSAGES;

/** What the places of a sentence are filled with. */
export type Values = Readonly<Record<string, string | number>>;

/** A sentence with its places filled; a place without a value stays as it is. */
export const filled = (sentence: string, values: Values): string =>
  sentence.includes('__') ? sentence.replace(/__([a-zA-Z]+)__/g, (place, name: string) => String(Object.hasOwn(values, name) ? values[name] : place)) : sentence;
